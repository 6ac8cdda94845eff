"""May this key spend? What gateways ask before a call."""
