"""Delivery 1: HTTP. Thin: who is asking, what is asked, which use case answers."""
