"""Subscriptions: one's own plan, and everybody's for administrators."""
