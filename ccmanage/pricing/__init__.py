"""The price book: what a token of which model costs when, and the exact cost of one call."""
