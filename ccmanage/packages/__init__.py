"""Packages: what a workspace can subscribe to. A published version never changes; a change is a new version."""
