"""What a voucher's code looks like. Pure: random symbols in, code out.

A code is `CCV` and twenty symbols of Crockford's alphabet in fours. The last two check the eighteen before them, so
that a typo is told from a code that does not exist, without asking the database.
"""

from collections.abc import Sequence
from typing import Final

ALPHABET: Final = "0123456789" + "ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_SYMBOLS: Final = 18
_PREFIX: Final = "CCV"
_LENGTH: Final = RANDOM_SYMBOLS + 2
# The largest prime that two symbols can say. It is above all values and no power of the base returns to 1 within a
# code's length, so that each wrong symbol and each pair of swapped neighbours is found.
_MODULUS: Final = 1021
_BASE: Final = 33
_MEANT: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_VALUES: Final = {symbol: value for value, symbol in enumerate(ALPHABET)}


def code_of(values: Sequence[int]) -> str:
    """Return the code of eighteen values from 0 to 31, as it is printed."""
    if len(values) != RANDOM_SYMBOLS:
        raise ValueError("a code has eighteen random symbols")
    symbols = "".join(ALPHABET[value] for value in values)
    symbols += _check(symbols)
    return "-".join([_PREFIX, *(symbols[place : place + 4] for place in range(0, _LENGTH, 4))])


def normalised(typed: str) -> str | None:
    """Return the symbols of a code as somebody typed it; None where it cannot be one."""
    symbols = "".join(typed.upper().split()).replace("-", "").removeprefix(_PREFIX).translate(_MEANT)
    if len(symbols) != _LENGTH or any(symbol not in _VALUES for symbol in symbols):
        return None
    return symbols if _check(symbols[:RANDOM_SYMBOLS]) == symbols[RANDOM_SYMBOLS:] else None


def _check(symbols: str) -> str:
    rest = 0
    for symbol in symbols:
        rest = (rest * _BASE + _VALUES[symbol] + 1) % _MODULUS
    high, low = divmod(rest, len(ALPHABET))
    return ALPHABET[high] + ALPHABET[low]
