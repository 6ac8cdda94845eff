"""The price book: an immutable snapshot of all prices that answers from a dictionary."""

from bisect import bisect_right
from collections.abc import Iterable

from ccmanage.pricing.names import is_exact, literal_prefix, matches, normalise_model
from ccmanage.pricing.rules import Origin, Price, choose

# Names come from outside; a mad client must not fill the memory.
_MAX_REMEMBERED = 10_000

Timeline = tuple[list[int], list[Price | None]]
Stamp = tuple[int, int]


class PriceBook:
    """All prices at one moment. Safe to share between threads; `stamp` tells two books apart."""

    def __init__(self, prices: Iterable[Price], stamp: Stamp = (0, 0)) -> None:
        self.stamp = stamp
        self._by_id: dict[int, Price] = {}
        self._exact: dict[str, list[Price]] = {}
        self._globs: list[tuple[str, Price]] = []
        self._timelines: dict[str, Timeline] = {}
        for price in prices:
            self._by_id[price.id] = price
            if is_exact(price.pattern):
                self._exact.setdefault(price.pattern, []).append(price)
            else:
                self._globs.append((literal_prefix(price.pattern), price))

    def price_for(self, model: str, at_ms: int) -> Price | None:
        """Return the price of a model, however spelt, at an instant; None if it is unpriced."""
        try:
            starts, prices = self._timelines[model]
        except KeyError:
            starts, prices = self._learn(model)
        return prices[bisect_right(starts, at_ms)]

    def by_id(self, price_id: int) -> Price | None:
        """Return the very price that an event was charged with."""
        return self._by_id.get(price_id)

    def newest_first(self) -> list[Price]:
        """Return all prices, the last added first."""
        return list(reversed(self._by_id.values()))

    def of_pattern(self, origin: Origin, pattern: str) -> list[Price]:
        """Return all versions of the prices of one pattern."""
        return [price for price in self._by_id.values() if (price.origin, price.pattern) == (origin, pattern)]

    def __len__(self) -> int:
        return len(self._by_id)

    def _learn(self, model: str) -> Timeline:
        """Work out which price holds when, and remember it."""
        name = normalise_model(model)
        candidates = list(self._exact.get(name, ()))
        for prefix, price in self._globs:
            if name.startswith(prefix) and matches(price.pattern, name):
                candidates.append(price)
        starts = sorted({price.effective_from for price in candidates})
        timeline: Timeline = (starts, [None, *(choose(name, start, candidates) for start in starts)])
        if len(self._timelines) >= _MAX_REMEMBERED:
            self._timelines.clear()
        self._timelines[model] = timeline
        return timeline
