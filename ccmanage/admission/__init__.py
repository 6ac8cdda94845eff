"""May this key spend? Limits, the verify call and holds."""
