"""The hot path: what gateways post and ask."""
