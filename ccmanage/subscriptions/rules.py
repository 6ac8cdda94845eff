"""When periods begin and end. Plain values in, plain values out.

Periods are counted from the anchor, never from the period before: an anchor on the 31st falls on the last day of
shorter months and returns to the 31st. Hours are hours that pass. Everything longer is counted on the local
clock: the n-th period begins at the first instant at which the zone's clock shows the anchor's time of day on
that day, or later. So a time that the clock skips in spring is its first valid instant after, and a time that
comes twice in autumn is its first.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from ccmanage.packages.rules import Period, PeriodKind

NEVER: Final = 0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_HOUR_MS = 3_600_000
_DAYS = {PeriodKind.DAY: 1, PeriodKind.WEEK: 7}
_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: `start` belongs to it, `end` does not; `end` NEVER means that it has none."""

    start: int
    end: int

    def until(self, last: int) -> "Span":
        """Return the span cut off at an instant (NEVER = not at all)."""
        if last == NEVER or NEVER < self.end <= last:
            return self
        return Span(self.start, last)


def period_at(anchor: int, period: Period, zone: ZoneInfo, instant: int) -> Span:
    """Return the period that an instant belongs to; raises ValueError for one before the anchor."""
    if instant < anchor:
        raise ValueError("there is no period before the anchor")
    if period.kind is PeriodKind.ONCE:
        return Span(anchor, NEVER)
    grid = _Grid(anchor, _wall(anchor, zone), period, zone)
    number = grid.guess(instant)
    start = grid.start(number)
    while start > instant:
        number -= 1
        start = grid.start(number)
    # A day that a zone leaves out begins when the next one does, so that nothing belongs to it.
    while (end := grid.start(number + 1)) <= instant:
        number, start = number + 1, end
    return Span(start, end)


def periods_after(anchor: int, period: Period, zone: ZoneInfo, instant: int) -> Iterator[Span]:
    """Return the periods that begin after an instant, one after the other."""
    span = period_at(anchor, period, zone, max(anchor, instant))
    while span.end != NEVER:
        span = period_at(anchor, period, zone, span.end)
        yield span


def next_boundaries(anchor: int, period: Period, zone: ZoneInfo, instant: int, count: int) -> list[int]:
    """Return the instants at which the next `count` periods begin."""
    return [span.start for span in islice(periods_after(anchor, period, zone, instant), count)]


def last_end(anchor: int, period: Period, zone: ZoneInfo, ends_at: int) -> int:
    """Return the end of the period in which a subscription's last moment lies: periods are never cut for it."""
    if ends_at == NEVER or period.kind is PeriodKind.ONCE:
        return ends_at
    return period_at(anchor, period, zone, max(anchor, ends_at - 1)).end


def months_before(instant: int, months: int, zone: ZoneInfo) -> int:
    """Return the same time of day so many months earlier, on the last day of shorter months."""
    return _instant(_add_months(_wall(instant, zone), -months), zone)


def share_of_time(amount: int, span: Span, instant: int) -> int:
    """Return the part of an amount that belongs to what is left of a period, in whole nanos, rounded down.

    Of a period without an end everything is left.
    """
    if span.end == NEVER:
        return amount
    rest = min(max(span.end - instant, 0), span.end - span.start)
    return amount * rest // (span.end - span.start)


@dataclass(frozen=True, slots=True)
class _Grid:
    """All periods of an anchor, by their numbers from 0 on; `wall` is what the zone's clock shows at the anchor."""

    anchor: int
    wall: datetime
    period: Period
    zone: ZoneInfo

    def start(self, number: int) -> int:
        """Return the instant at which the n-th period begins."""
        if number == 0:
            return self.anchor
        kind, count = self.period.kind, number * self.period.count
        if kind is PeriodKind.HOUR:
            return self.anchor + count * _HOUR_MS
        if kind in _DAYS:
            return _instant(self.wall + timedelta(days=count * _DAYS[kind]), self.zone)
        return _instant(_add_months(self.wall, count * _MONTHS[kind]), self.zone)

    def guess(self, instant: int) -> int:
        """Return about which period an instant belongs to, at least 0."""
        kind, count = self.period.kind, self.period.count
        if kind is PeriodKind.HOUR:
            return (instant - self.anchor) // (count * _HOUR_MS)
        wall = _wall(instant, self.zone)
        if kind in _DAYS:
            return max(0, (wall - self.wall).days // (count * _DAYS[kind]))
        months = (wall.year - self.wall.year) * 12 + wall.month - self.wall.month
        return max(0, months // (count * _MONTHS[kind]))


def _add_months(wall: datetime, months: int) -> datetime:
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    return wall.replace(year=year, month=month + 1, day=min(wall.day, monthrange(year, month + 1)[1]))


def _wall(instant: int, zone: ZoneInfo) -> datetime:
    """Return what a zone's clock shows, without its offset."""
    return (_EPOCH + timedelta(milliseconds=instant)).astimezone(zone).replace(tzinfo=None, fold=0)


def _instant(wall: datetime, zone: ZoneInfo) -> int:
    """Return the first instant at which a zone's clock shows a time, or a later one if it skips that time."""
    found = _ms(wall.replace(tzinfo=zone))
    if _wall(found, zone) == wall:
        return found
    # The clock skips it: with the offsets from before and after, the change lies between these two.
    early, late = _ms(wall.replace(tzinfo=zone, fold=1)), found
    while late - early > 1:
        middle = (early + late) // 2
        if _wall(middle, zone) < wall:
            early = middle
        else:
            late = middle
    return late


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
