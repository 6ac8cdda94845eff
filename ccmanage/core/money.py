"""Credits are integers of a billionth; decimal strings at the edges; never floats."""

import re

NANO = 1_000_000_000
MAX_EVENT_NANO = 10**15
MAX_BALANCE_NANO = 4 * 10**18
MAX_GRANT_NANO = 10**18

_CREDITS = re.compile(r"-?\d{1,10}(\.\d{1,9})?", re.ASCII)


def parse_credits(text: str) -> int:
    """Read a decimal string such as `12.5` (at most 9 fractional digits); raises ValueError."""
    if not _CREDITS.fullmatch(text):
        raise ValueError("credits are a decimal number with at most 9 digits after the point")
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.lstrip("-").partition(".")
    return sign * (int(whole) * NANO + int(fraction.ljust(9, "0") or 0))


def format_credits(nano: int) -> str:
    """Write nano-credits as the shortest exact decimal string."""
    sign = "-" if nano < 0 else ""
    whole, fraction = divmod(abs(nano), NANO)
    if not fraction:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{fraction:09d}".rstrip("0")


def round_half_even(numerator: int, denominator: int) -> int:
    """Divide two integers (denominator > 0) and round to the nearest, ties to even."""
    quotient, rest = divmod(numerator, denominator)
    doubled = 2 * rest
    if doubled > denominator or (doubled == denominator and quotient & 1):
        return quotient + 1
    return quotient
