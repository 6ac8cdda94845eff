"""Codes of vouchers: what was mistyped is told from what does not exist."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.vouchers.rules import ALPHABET, RANDOM_SYMBOLS, code_of, normalised

values = st.lists(st.integers(0, 31), min_size=RANDOM_SYMBOLS, max_size=RANDOM_SYMBOLS)


def test_a_code_reads_well() -> None:
    assert code_of(range(18)) == "CCV-0123-4567-89AB-CDEF-GH" + code_of(range(18))[-2:]
    with pytest.raises(ValueError, match="eighteen"):
        code_of([1])


@given(values)
def test_however_it_is_typed_it_is_the_same(found: list[int]) -> None:
    code = code_of(found)
    symbols = normalised(code)
    assert symbols is not None
    sloppy = code.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    for typed in (sloppy, code.replace("-", ""), symbols, f"  {code} "):
        assert normalised(typed) == symbols


@given(values, st.integers(0, 19), st.integers(1, 31))
def test_each_wrong_symbol_is_found(found: list[int], place: int, by: int) -> None:
    symbols = list(normalised(code_of(found)) or "")
    symbols[place] = ALPHABET[(ALPHABET.index(symbols[place]) + by) % 32]
    assert normalised("".join(symbols)) is None


@given(values, st.integers(0, 16))
def test_each_pair_of_swapped_neighbours_is_found(found: list[int], place: int) -> None:
    symbols = list(normalised(code_of(found)) or "")
    if symbols[place] != symbols[place + 1]:
        symbols[place], symbols[place + 1] = symbols[place + 1], symbols[place]
        assert normalised("".join(symbols)) is None


@pytest.mark.parametrize("typed", ["", "CCV-", "CCV-0123", "CCV-" + "U" * 20, "x" * 80, "CCV-0123-4567-89AB-CDEF-GH00"])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert normalised(typed) is None
