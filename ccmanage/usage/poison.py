"""Find what a settlement fails on: by halves, in trials that are rolled back."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

# Settles the chosen ones alone and undoes it; returns what went wrong, None if nothing did.
Trial = Callable[[Sequence[T]], str | None]


def find_culprits(suspects: Sequence[T], text: str, trial: Trial[T], seconds: float, found: dict[T, str]) -> None:
    """Add to `found` those that fail alone, each with its error, as many as are met in the time.

    `suspects` are known to fail together, with the error `text`; nothing is added if they fail only together. What
    was found stays found when a trial raises.
    """
    deadline = time.monotonic() + seconds
    failing = [(list(suspects), text)] if suspects else []
    met = False
    while failing and (not met or time.monotonic() < deadline):
        part, text = failing.pop()
        if len(part) == 1:
            found[part[0]] = text
            met = True
            continue
        middle = len(part) // 2
        for half in (part[middle:], part[:middle]):
            what = trial(half)
            if what is not None:
                failing.append((half, what))
