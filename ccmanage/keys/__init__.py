"""API keys: issue, rotate, revoke. A key belongs to one workspace."""
