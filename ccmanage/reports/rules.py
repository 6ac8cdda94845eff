"""How usage is cut into hours, days, weeks and months of a reader's zone. Pure.

Usage is summed in slots of 15 minutes of UTC, and every zone's offset is a multiple of that. Between two changes
of the offset a slot's local hour and day are plain arithmetic, which a database can group by; so a range is cut
where the offset changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import cast
from zoneinfo import ZoneInfo

SLOT_SECONDS = 900
HOUR_SLOTS = 4
DAY_SLOTS = 96
MAX_RANGE_MS = 400 * 86_400_000 + 3_600_000  # the longest range may contain a change to winter time

_FIRST_DAY = date(1970, 1, 1)


class Dimension(StrEnum):
    """What usage can be summed by."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    MODEL = "model"
    KEY = "key"
    USER = "user"
    PROJECT = "project"

    @property
    def is_time(self) -> bool:
        """Tell a stretch of time from a thing."""
        return self in {Dimension.HOUR, Dimension.DAY, Dimension.WEEK, Dimension.MONTH}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Slots from `first` up to but not including `end`, during which the zone's offset does not change."""

    first: int
    end: int
    offset: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """A local hour, day, week or month. `start` counts seconds; the id is that instant in the zone."""

    start: int
    id: str
    label: str


def slots_of(from_ms: int, to_ms: int) -> tuple[int, int]:
    """Return the slots that a range of instants touches: the first, and the one after the last."""
    slot_ms = SLOT_SECONDS * 1000
    return from_ms // slot_ms, -(-to_ms // slot_ms)


def stretches(zone: ZoneInfo, first: int, end: int) -> list[Stretch]:
    """Cut slots where the zone's offset changes."""
    found = []
    start, offset = first, _offset(zone, first)
    for slot in [*range(first + DAY_SLOTS, end, DAY_SLOTS), end]:
        later = _offset(zone, slot)
        if later != offset:
            change = _change(zone, max(start, slot - DAY_SLOTS), slot)
            if change < end:
                found.append(Stretch(start, change, offset))
                start, offset = change, later
    return [*found, Stretch(start, end, offset)]


def unit_of(dimension: Dimension) -> int:
    """Return how many slots a database groups together: hours, or days that are folded further here."""
    return HOUR_SLOTS if dimension is Dimension.HOUR else DAY_SLOTS


def bucket_of(zone: ZoneInfo, dimension: Dimension, stretch: Stretch, number: int) -> Bucket:
    """Return the bucket of a local hour or day, counted from the start of 1970 in local time."""
    if dimension is Dimension.HOUR:
        start = number * HOUR_SLOTS - stretch.offset
        # Where clocks go by half an hour, an hour can begin in the middle.
        if start < stretch.first < start + HOUR_SLOTS and _offset(zone, stretch.first - 1) != stretch.offset:
            start = stretch.first
        return _bucket(start * SLOT_SECONDS, zone, dimension)
    day = _first_day(dimension, _FIRST_DAY + timedelta(days=number))
    # In the few zones where clocks jump at midnight, this is the first instant that the day has.
    start_of_day = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    return _bucket(int(start_of_day.timestamp()), zone, dimension)


def buckets(zone: ZoneInfo, dimension: Dimension, cut: list[Stretch]) -> Iterator[Bucket]:
    """Return every bucket of a range, in order, whether anything happened in it or not."""
    unit, last = unit_of(dimension), None
    for stretch in cut:
        for number in range((stretch.first + stretch.offset) // unit, (stretch.end - 1 + stretch.offset) // unit + 1):
            bucket = bucket_of(zone, dimension, stretch, number)
            if last is None or bucket.start > last:
                yield bucket
                last = bucket.start


def _first_day(dimension: Dimension, day: date) -> date:
    if dimension is Dimension.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if dimension is Dimension.MONTH else day


def _bucket(start: int, zone: ZoneInfo, dimension: Dimension) -> Bucket:
    local = datetime.fromtimestamp(start, zone)
    if dimension is Dimension.HOUR:
        label = f"{local:%Y-%m-%d %H:%M}"
    elif dimension is Dimension.WEEK:
        year, week, _ = local.isocalendar()
        label = f"{year}-W{week:02d}"
    else:
        label = f"{local:%Y-%m}" if dimension is Dimension.MONTH else f"{local:%Y-%m-%d}"
    return Bucket(start, local.isoformat(timespec="seconds"), label)


def _offset(zone: ZoneInfo, slot: int) -> int:
    offset = cast(timedelta, datetime.fromtimestamp(slot * SLOT_SECONDS, zone).utcoffset())
    return round(offset.total_seconds() / SLOT_SECONDS)


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """Return the first slot with the offset of `after`; the offset changes once between the two."""
    offset = _offset(zone, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            after = middle
        else:
            before = middle
    return after
