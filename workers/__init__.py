"""The workers: what happens when a message arrives, and a poll that needs no message."""
