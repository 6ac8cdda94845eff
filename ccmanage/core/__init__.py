"""Tools without business: every feature stands on them, they know none."""
