"""Workspaces: one's own, and the administrators' list."""
