"""Usage: the inbox, its settlement, events and rollups."""
