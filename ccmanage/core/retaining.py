"""What one step of retention did. The steps stand in their features; `ccmanage/privacy/retention.py` calls them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """What one step took away, up to which mark it has come, and whether there may be more."""

    rows: int
    reached: int
    more: bool
