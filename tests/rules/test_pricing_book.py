"""Which price holds: the choice, the book that remembers it, the difference that an import writes."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.pricing import book as book_module
from ccmanage.pricing.book import PriceBook
from ccmanage.pricing.cache import PriceBookCache
from ccmanage.pricing.imports import LibraryPrices, Skipped, compare
from ccmanage.pricing.rules import Origin, Price, Rates, Schedule, choose

MANUAL, LIBRARY = Origin.MANUAL, Origin.LIBRARY


def price(
    pattern: str,
    origin: Origin = LIBRARY,
    start: int = 0,
    version: int = 1,
    *,
    number: int = 0,
    rate: int = 1,
    withdrawn: bool = False,
) -> Price:
    schedule = Schedule(Rates(rate, rate, rate, rate, rate))
    return Price(pattern, origin, start, schedule, version=version, id=number, withdrawn=withdrawn)


def test_manual_goes_before_library_even_if_less_exact() -> None:
    manual, library = price("*", MANUAL), price("claude-opus-5")
    assert choose("claude-opus-5", 0, [library, manual]) is manual


def test_exact_goes_before_the_longest_prefix() -> None:
    exact, long, short = price("claude-opus-5"), price("claude-opus-5*"), price("claude-*")
    for order in ([exact, long, short], [short, long, exact]):
        assert choose("claude-opus-5", 0, order) is exact
        assert choose("claude-opus-5-5", 0, order) is long
        assert choose("claude-haiku", 0, order) is short
        assert choose("gpt", 0, order) is None


def test_the_latest_start_that_is_reached_holds() -> None:
    early, late = price("m", start=100), price("m", start=200)
    assert choose("m", 99, [early, late]) is None
    assert choose("m", 100, [early, late]) is early
    assert choose("m", 199, [late, early]) is early
    assert choose("m", 200, [early, late]) is late


def test_the_highest_version_of_a_start_holds() -> None:
    first, second, older = price("m", start=5, version=1), price("m", start=5, version=2), price("m", version=9)
    assert choose("m", 5, [first, second, older]) is second
    assert choose("m", 5, [second, older, first]) is second


def test_a_longer_prefix_goes_before_a_later_start() -> None:
    long, late = price("claude-opus*"), price("claude*", start=50)
    assert choose("claude-opus-5", 60, [long, late]) is long


def test_between_equals_the_later_start_then_the_last_row_decides() -> None:
    one, other = price("m?", number=1), price("m#", number=2)
    assert choose("m1", 0, [other, one]) is other
    assert choose("m1", 5, [other, replace(one, effective_from=5)]).pattern == "m?"  # type: ignore[union-attr]


def test_a_withdrawn_price_gives_way_to_the_next() -> None:
    library, manual = price("m"), price("*", MANUAL)
    gone = price("*", MANUAL, start=100, withdrawn=True)
    again = price("*", MANUAL, start=200)
    everything = [library, manual, gone, again]
    assert choose("m", 99, everything) is manual
    assert choose("m", 100, everything) is library
    assert choose("x", 100, everything) is None
    assert choose("m", 200, everything) is again


def test_the_book_answers_for_any_spelling_and_remembers() -> None:
    early, late, other = price("m*", start=10), price("m1", start=20), price("n", MANUAL)
    book = PriceBook([early, late, other])
    for _ in range(2):
        assert book.price_for("anthropic/M1", 9) is None
        assert book.price_for("anthropic/M1", 10) is early
        assert book.price_for("m1", 20) is late
        assert book.price_for("m2", 10**15) is early
        assert book.price_for("n", -1) is None
        assert book.price_for("unheard-of", 0) is None


def test_the_book_forgets_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "_MAX_REMEMBERED", 10)
    book = PriceBook([price("m*")])
    for number in range(100):
        assert book.price_for(f"m{number}", 0) is not None
    assert len(book._timelines) <= 10


def test_the_book_finds_prices_by_number_and_pattern() -> None:
    one, two = price("m", number=7), price("m", start=5, number=9)
    book = PriceBook([one, two])
    assert len(book) == 2
    assert book.by_id(7) is one
    assert book.by_id(8) is None
    assert book.newest_first() == [two, one]
    assert book.of_pattern(LIBRARY, "m") == [one, two]
    assert book.of_pattern(MANUAL, "m") == []


PATTERNS = st.sampled_from(["a", "ab", "a*", "ab*", "*b", "a?", "*"])
PRICES = st.lists(
    st.builds(
        price,
        PATTERNS,
        st.sampled_from(Origin),
        st.integers(0, 3),
        st.integers(1, 3),
        withdrawn=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda found: (found.pattern, found.origin, found.effective_from, found.version),
)


@given(PRICES, st.sampled_from(["a", "ab", "abc", "b", "c"]), st.integers(-1, 5))
def test_the_book_chooses_as_the_rule_does(prices: list[Price], model: str, at: int) -> None:
    numbered = [replace(found, id=number) for number, found in enumerate(prices, 1)]
    assert PriceBook(numbered).price_for(model, at) is choose(model, at, numbered)


class Shelf:
    """A source of books that counts how often it is asked."""

    def __init__(self) -> None:
        self.rows = 1
        self.loads = 0

    def stamp(self) -> tuple[int, int]:
        return (self.rows, self.rows)

    def load(self) -> PriceBook:
        self.loads += 1
        return PriceBook([price("m", number=number) for number in range(self.rows)], self.stamp())


def test_a_cached_book_is_at_most_a_second_old() -> None:
    shelf, cache = Shelf(), PriceBookCache()
    first = cache.book(shelf, 1_000)
    shelf.rows = 2
    assert cache.book(shelf, 1_999) is first
    assert len(cache.book(shelf, 2_000)) == 2
    assert cache.book(shelf, 10_000) is cache.book(shelf, 20_000)
    assert shelf.loads == 2


def test_a_fresh_book_is_asked_for_at_once_and_a_clock_that_falls_back_does_not_freeze_it() -> None:
    shelf, cache = Shelf(), PriceBookCache()
    cache.book(shelf, 100_000)
    shelf.rows = 2
    assert len(cache.book(shelf, 100_001, fresh=True)) == 2
    shelf.rows = 3
    assert len(cache.book(shelf, 5)) == 3


def test_an_expired_book_is_looked_up_again() -> None:
    shelf, cache = Shelf(), PriceBookCache()
    cache.expire()
    first = cache.book(shelf, 0)
    cache.expire()
    assert cache.book(shelf, 0) is first
    shelf.rows = 2
    cache.expire()
    assert len(cache.book(shelf, 0)) == 2


def test_the_view_of_an_older_transaction_replaces_nothing() -> None:
    shelf, cache = Shelf(), PriceBookCache()
    shelf.rows = 2
    book = cache.book(shelf, 0)
    shelf.rows = 1
    assert cache.book(shelf, 9_000) is book


def wanted(*prices: Price) -> LibraryPrices:
    return LibraryPrices(tuple(prices))


def versions(prices: Iterable[Price]) -> list[tuple[str, int, int, int]]:
    return [(found.pattern, found.effective_from, found.version, found.standard.rates.input) for found in prices]


def test_a_first_import_adds_everything() -> None:
    diff = compare(LibraryPrices((price("a"), price("a", start=5)), (Skipped("b", "why"),)), [])
    assert versions(diff.added) == [("a", 0, 1, 1), ("a", 5, 1, 1)]
    assert (diff.changed, diff.unchanged, diff.skipped) == ((), 0, (Skipped("b", "why"),))


def test_a_second_import_of_the_same_changes_nothing() -> None:
    ours = [price("a", version=1, rate=7), price("a", version=2), price("a", MANUAL, rate=9)]
    diff = compare(wanted(price("a", version=0)), ours)
    assert (diff.added, diff.changed, diff.unchanged) == ((), (), 1)


def test_a_corrected_price_is_a_new_version() -> None:
    known = price("a", version=3, rate=1)
    diff = compare(wanted(price("a", version=0, rate=2), price("b")), [known, price("a", version=1)])
    assert versions(diff.added) == [("b", 0, 1, 1)]
    [change] = diff.changed
    assert change.before is known
    assert versions([change.after]) == [("a", 0, 4, 2)]
    assert diff.unchanged == 0


def test_a_start_that_the_library_took_back_says_what_holds_there_now() -> None:
    ours = [price("a", rate=1), price("a", start=100, rate=9), price("gone", rate=5), price("b", start=50, rate=3)]
    diff = compare(wanted(price("a", rate=1), price("b", start=60, rate=4)), ours)
    assert versions(diff.added) == [("b", 60, 1, 4)]
    assert versions(change.after for change in diff.changed) == [("a", 100, 2, 1)]
    # What the library does not know any more, or did not know yet at that time, stays as it is.
    assert diff.unchanged == 3
    after = [*ours, *diff.added, *(change.after for change in diff.changed)]
    assert compare(wanted(price("a", rate=1), price("b", start=60, rate=4)), after).changed == ()
