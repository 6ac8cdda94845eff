"""Read-only questions across features, for screens, exports and the audit of the books."""
