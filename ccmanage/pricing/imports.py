"""Compares the library's prices with ours. Pure."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ccmanage.pricing.rules import Origin, Price


@dataclass(frozen=True, slots=True)
class Skipped:
    """A model, or a part of what the library says of it, that was left out, and why."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class LibraryPrices:
    """What a version of the library holds, ready to become rows."""

    prices: tuple[Price, ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A price that the library has corrected."""

    before: Price
    after: Price


@dataclass(frozen=True, slots=True)
class ImportDiff:
    """What an import writes: new prices, and new versions of known ones."""

    added: tuple[Price, ...]
    changed: tuple[Change, ...]
    unchanged: int
    skipped: tuple[Skipped, ...]


def compare(library: LibraryPrices, ours: Iterable[Price]) -> ImportDiff:
    """Return what must be written so that our library prices say what the library says.

    A pattern that the library no longer knows keeps its prices. A start that it took back gets a version with
    what holds at that time now.
    """
    latest: dict[tuple[str, int], Price] = {}
    for price in ours:
        key = (price.pattern, price.effective_from)
        if price.origin is Origin.LIBRARY and (key not in latest or latest[key].version < price.version):
            latest[key] = price
    wanted = {(price.pattern, price.effective_from): price for price in library.prices}
    wanted |= _taken_back(library.prices, latest.keys() - wanted.keys())
    added, changed = [], []
    for key in sorted(wanted):
        price, known = wanted[key], latest.get(key)
        if known is None:
            added.append(replace(price, version=1))
        elif not price.same_terms(known):
            changed.append(Change(known, replace(price, version=known.version + 1)))
    unchanged = len(latest) - len(changed)
    return ImportDiff(tuple(added), tuple(changed), unchanged, library.skipped)


def _taken_back(prices: Iterable[Price], gone: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Price]:
    by_pattern: dict[str, list[Price]] = {}
    for price in prices:
        by_pattern.setdefault(price.pattern, []).append(price)
    replaced = {}
    for pattern, start in gone:
        periods = sorted(by_pattern.get(pattern, ()), key=lambda price: price.effective_from)
        before = bisect_right([price.effective_from for price in periods], start)
        if before:
            replaced[pattern, start] = replace(periods[before - 1], effective_from=start)
    return replaced
