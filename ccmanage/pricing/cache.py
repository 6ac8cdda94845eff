"""The process's copy of the price book."""

from typing import Protocol

from ccmanage.pricing.book import PriceBook, Stamp

# A book is at most a second old when it is used, so that no answer is older than two.
MAX_AGE_MS = 1_000


class Source(Protocol):
    """Where a book comes from."""

    def stamp(self) -> Stamp:
        """Return what tells one state of the book from another, cheaply."""
        ...

    def load(self) -> PriceBook:
        """Return the whole book."""
        ...


class PriceBookCache:
    """One a process, shared by its threads. Two threads may load at once: both find the same."""

    def __init__(self) -> None:
        self._held: tuple[PriceBook, int] | None = None

    def book(self, source: Source, now_ms: int, *, fresh: bool = False) -> PriceBook:
        """Return the book, looked up again at least every second, or at once if it must be `fresh`."""
        held = self._held
        if held is not None and not fresh and abs(now_ms - held[1]) < MAX_AGE_MS:
            return held[0]
        # Prices are never deleted: a lower stamp is the view of an older transaction and replaces nothing.
        book = source.load() if held is None or source.stamp() > held[0].stamp else held[0]
        self._held = (book, now_ms)
        return book

    def expire(self) -> None:
        """Look the book up again at the next question: this process has written prices."""
        if self._held is not None:
            self._held = (self._held[0], -MAX_AGE_MS)
