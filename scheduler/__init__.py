"""The scheduler: when, never what."""
