"""Workspaces: the owners of keys, credits and usage; members and their roles."""
