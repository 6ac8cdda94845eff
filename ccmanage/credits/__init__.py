"""Credits: grants, the ledger and balances. The arithmetic is pure and stands in rules.py."""
