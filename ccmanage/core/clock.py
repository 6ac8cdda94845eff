"""The only place that reads the time. An instant is an int: milliseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time_ns
from typing import Protocol

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    """What tells the time."""

    def now_ms(self) -> int:
        """Return the present instant."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Return the present instant."""
        return time_ns() // 1_000_000


class FileClock:
    """An offset in milliseconds read from a file at each call, so that tests can move other processes' time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now_ms(self) -> int:
        """Return the present instant plus the file's offset (0 when the file is absent)."""
        try:
            offset = int(self._path.read_text() or 0)
        except FileNotFoundError:
            offset = 0
        return time_ns() // 1_000_000 + offset


def to_ms(moment: datetime) -> int:
    """Turn an aware datetime into an instant, cut to the millisecond, exactly."""
    return (moment - _EPOCH) // _MILLISECOND


def to_datetime(instant: int) -> datetime:
    """Turn an instant into an aware datetime in UTC."""
    return _EPOCH + timedelta(milliseconds=instant)


def to_rfc3339(instant: int) -> str:
    """Write an instant as `2026-11-23T07:00:00.000Z`."""
    return to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant % 1000:03d}Z"


def parse_rfc3339(text: str) -> int:
    """Read an RFC 3339 time with a zone; raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, as in 2026-11-23T07:00:00Z")
    return to_ms(moment)
