"""Thresholds, notifications and webhooks over HTTP."""
