"""Pages by cursor: no list without a limit, no offset that grows."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ccmanage.core.errors import invalid

T = TypeVar("T")
U = TypeVar("U")

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How many items, and after which one."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None

    def position(self, parts: int = 1) -> tuple[int, ...] | None:
        """Return the numbers that the cursor holds, or None at the start; raises InvalidInput."""
        if self.cursor is None:
            return None
        try:
            text = urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4)).decode("ascii")
            numbers = tuple(int(part) for part in text.split(":"))
        except ValueError:
            numbers = ()
        if len(numbers) != parts or any(abs(number) >= 2**63 for number in numbers):
            raise invalid("/cursor", "cursor.invalid", "Pass next_cursor exactly as it was given.")
        return numbers


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items and where to go on."""

    items: Sequence[T]
    next_cursor: str | None = None

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """Return the page with each item changed."""
        return Page([change(item) for item in self.items], self.next_cursor)


def cursor_of(*numbers: int) -> str:
    """Write the position of a row as an opaque cursor."""
    return urlsafe_b64encode(":".join(map(str, numbers)).encode()).decode().rstrip("=")


def page_of(rows: Sequence[T], ask: PageRequest, position: Callable[[T], tuple[int, ...]]) -> Page[T]:
    """Cut rows fetched with `limit + 1` into a page."""
    if len(rows) <= ask.limit:
        return Page(rows)
    items = rows[: ask.limit]
    return Page(items, cursor_of(*position(items[-1])))
