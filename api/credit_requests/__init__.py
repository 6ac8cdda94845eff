"""Requests for credits over HTTP."""
