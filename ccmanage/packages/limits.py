"""What a package says about its workspaces' keys: how much in which window, which models, how many calls at once.

Plain values; what they mean for a call is admission's business.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ccmanage.core.errors import FieldError
from ccmanage.core.money import MAX_GRANT_NANO

MAX_MODELS = 100
MAX_PATTERN = 200
MAX_COUNT = 10**12
MAX_CONCURRENCY = 10_000
MAX_KEYS = 1_000


class Window(StrEnum):
    """The stretch of time that a limit counts in."""

    MINUTE = "minute"
    HOUR = "hour"
    FIVE_HOURS = "five_hours"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


Limits = Mapping[Window, int]


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """Limits of a key, several windows at once; credits in nano-credits. No concurrency limit: None.

    `max_keys` is the one that holds for the workspace: how many active keys it may have.
    """

    requests: Limits = field(default_factory=dict)
    tokens: Limits = field(default_factory=dict)
    credits: Limits = field(default_factory=dict)
    models_allow: tuple[str, ...] = ()
    models_deny: tuple[str, ...] = ()
    concurrency: int | None = None
    max_keys: int | None = None


NO_LIMITS = KeyLimits()


def encode_limits(limits: KeyLimits) -> bytes:
    """Write limits as they are stored."""
    measures = {name: dict(sorted(_measures(limits)[name].items())) for name in _measures(limits)}
    models = {"allow": limits.models_allow, "deny": limits.models_deny}
    bounds = {"concurrency": limits.concurrency, "max_keys": limits.max_keys}
    return json.dumps({**measures, "models": models, **bounds}).encode()


def decode_limits(stored: bytes) -> KeyLimits:
    """Read limits as they were stored; what an older version did not know is not limited."""
    found: dict[str, Any] = json.loads(stored or b"{}")
    models = found.get("models", {})
    return KeyLimits(
        requests=_windows(found.get("requests", {})),
        tokens=_windows(found.get("tokens", {})),
        credits=_windows(found.get("credits", {})),
        models_allow=tuple(models.get("allow", ())),
        models_deny=tuple(models.get("deny", ())),
        concurrency=found.get("concurrency"),
        max_keys=found.get("max_keys"),
    )


def limit_faults(limits: KeyLimits, pointer: str = "/key_limits") -> Iterator[FieldError]:
    """Yield what is wrong with limits."""
    for name, windows in _measures(limits).items():
        highest = MAX_GRANT_NANO if name == "credits" else MAX_COUNT
        for window, limit in windows.items():
            if not 0 <= limit <= highest:
                yield FieldError(f"{pointer}/{name}/{window}", "limit.out_of_range", "This limit is out of range.")
    for name, patterns in (("allow", limits.models_allow), ("deny", limits.models_deny)):
        if len(patterns) > MAX_MODELS or not all(map(_is_pattern, patterns)):
            sentence = f"Give at most {MAX_MODELS} models or patterns of 1 to {MAX_PATTERN} plain characters."
            yield FieldError(f"{pointer}/models/{name}", "limit.models_invalid", sentence)
    if limits.concurrency is not None and not 1 <= limits.concurrency <= MAX_CONCURRENCY:
        sentence = f"Allow 1 to {MAX_CONCURRENCY:,} calls at once."
        yield FieldError(f"{pointer}/concurrency", "limit.out_of_range", sentence)
    if limits.max_keys is not None and not 1 <= limits.max_keys <= MAX_KEYS:
        yield FieldError(f"{pointer}/max_keys", "limit.out_of_range", f"Allow 1 to {MAX_KEYS:,} keys.")


def _measures(limits: KeyLimits) -> dict[str, Limits]:
    return {"requests": limits.requests, "tokens": limits.tokens, "credits": limits.credits}


def _windows(found: Mapping[str, int]) -> dict[Window, int]:
    return {Window(name): int(limit) for name, limit in found.items() if name in set(Window)}


def _is_pattern(text: str) -> bool:
    return 0 < len(text) <= MAX_PATTERN and text.isascii() and text.isprintable() and " " not in text
