"""What people may ask about their own data: a copy of it, its end, and what they agreed to."""
