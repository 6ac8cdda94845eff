"""Subscriptions: whose allowance comes when. Every period is opened once, in order, however late."""
