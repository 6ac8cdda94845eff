"""The handlers, a module a feature."""
