"""Look for words that must be nowhere in a database."""

from __future__ import annotations

from collections.abc import Iterable

from ccmanage.tables import metadata
from support.world import World


def traces(world: World, words: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return table, column and word for each of the words (in small letters) that a column holds in the clear."""
    found = []
    for table in metadata.tables:
        for row in world.rows(table):
            for column, value in row.items():
                raw = value if isinstance(value, bytes) else str(value).encode()
                found += [(table, column, word) for word in words if word.encode() in raw.lower()]
    return found
