"""The audit of the books: proves on a live database that nothing was lost, doubled or changed."""
