"""Multipliers as text: a decimal number, or a ratio of two whole numbers. Exact both ways. Pure."""

import re
from math import gcd

_DECIMAL = re.compile(r"(\d{1,9})(?:\.(\d{1,9}))?", re.ASCII)
_RATIO = re.compile(r"(\d{1,12})/(\d{1,12})", re.ASCII)
_DIGITS = 9


def parse_ratio(text: str) -> tuple[int, int]:
    """Read `1.25` or `11/10` as a numerator and a denominator without a common factor; raises ValueError."""
    if decimal := _DECIMAL.fullmatch(text):
        fraction = decimal[2] or ""
        return _reduced(int(decimal[1] + fraction), 10 ** len(fraction))
    if (ratio := _RATIO.fullmatch(text)) and int(ratio[2]):
        return _reduced(int(ratio[1]), int(ratio[2]))
    raise ValueError("a multiplier is a decimal number such as 1.25 or a ratio such as 11/10")


def format_ratio(numerator: int, denominator: int) -> str:
    """Write a ratio as a decimal number where that is exact, else as `n/d`."""
    scaled, rest = divmod(numerator * 10**_DIGITS, denominator)
    if rest:
        return f"{numerator}/{denominator}"
    whole, fraction = divmod(scaled, 10**_DIGITS)
    return f"{whole}.{fraction:0{_DIGITS}d}".rstrip("0").rstrip(".")


def _reduced(numerator: int, denominator: int) -> tuple[int, int]:
    shared = gcd(numerator, denominator)
    return numerator // shared, denominator // shared
