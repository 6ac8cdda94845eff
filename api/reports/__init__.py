"""The installation at a glance, and whether its books are clean, for administrators."""
