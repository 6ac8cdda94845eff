"""People: sign in, oneself, and the administrators' list."""
