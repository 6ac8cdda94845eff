"""Somebody needs more credits: a request with a reason, and what an administrator decides."""
