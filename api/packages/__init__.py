"""Packages: what can be chosen, and how administrators make it."""
