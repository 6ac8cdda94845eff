"""Gateways, for administrators."""
