"""Balance, grants and ledger of a workspace; giving and voiding grants, for administrators."""
