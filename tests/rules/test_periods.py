"""Where periods begin and end: against a brute-force model over two years, and by hand where clocks are odd.

The model knows nothing of transitions: it walks time by quarters of an hour, looks at what the zone's clock
shows, and takes the first instant that shows what was asked for, or later.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.core.clock import DAY, HOUR, MINUTE, parse_rfc3339, to_ms, to_rfc3339
from ccmanage.packages.rules import Period, PeriodKind
from ccmanage.subscriptions.rules import (
    NEVER,
    Span,
    last_end,
    next_boundaries,
    period_at,
    periods_after,
    share_of_time,
)

ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "Australia/Sydney",
    "America/Santiago",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "UTC",
    "Asia/Shanghai",
)
# Two years with a leap day, and a month before them for the anchors.
FIRST, LAST = datetime(2026, 12, 1, tzinfo=UTC), datetime(2029, 1, 2, tzinfo=UTC)
STEP = 15 * MINUTE
PERIODS = (
    Period(PeriodKind.DAY),
    Period(PeriodKind.DAY, 10),
    Period(PeriodKind.WEEK),
    Period(PeriodKind.WEEK, 2),
    Period(PeriodKind.MONTH),
    Period(PeriodKind.MONTH, 5),
    Period(PeriodKind.QUARTER),
    Period(PeriodKind.YEAR),
)
ANCHORS = (
    "2026-12-29T00:00",
    "2026-12-31T23:45",
    "2026-12-30T02:30",
    "2027-01-31T00:00",
    "2027-01-30T02:00",
    "2027-01-29T03:15",
    "2027-03-28T02:30",
    "2027-02-28T12:00",
    "2028-02-29T00:00",
)


@cache
def walk(zone: str) -> tuple[list[int], list[datetime]]:
    """Return every quarter of an hour, and what the zone's clock shows then."""
    instants = list(range(to_ms(FIRST), to_ms(LAST), STEP))
    info = ZoneInfo(zone)
    return instants, [datetime.fromtimestamp(at / 1000, info).replace(tzinfo=None) for at in instants]


def first_shown(zone: str, wall: datetime) -> int | None:
    """Return the first instant at which the clock shows a time or a later one; None beyond the two years."""
    instants, shown = walk(zone)
    # No clock is further than 14 hours from UTC.
    start = max(0, bisect_left(instants, to_ms(wall.replace(tzinfo=UTC)) - 15 * HOUR))
    return next((at for at, face in zip(instants[start:], shown[start:], strict=True) if face >= wall), None)


def walls(first: datetime, period: Period) -> Iterator[datetime]:
    """Return the times that a period's clock shows at each start: days by counting, months by trying days."""
    length = {PeriodKind.DAY: 1, PeriodKind.WEEK: 7}.get(period.kind)
    months = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}.get(period.kind, 0)
    year, month = first.year, first.month
    for number in range(10_000):
        if length:
            yield first + timedelta(days=length * period.count * number)
            continue
        for day in (first.day, first.day - 1, first.day - 2, first.day - 3):
            try:
                yield datetime.combine(date(year, month, day), first.time())
                break
            except ValueError:
                continue
        for _ in range(months * period.count):
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def expected(zone: str, anchor: int, first: datetime, period: Period) -> list[int]:
    """Return all starts of the two years, by the model."""
    starts = [anchor]
    for wall in islice(walls(first, period), 1, None):
        found = first_shown(zone, wall)
        if found is None:
            return starts
        starts.append(found)
    raise AssertionError("unreachable")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("period", PERIODS, ids=lambda period: f"{period.count}-{period.kind.name.lower()}")
def test_boundaries_are_those_of_the_model(zone: str, period: Period) -> None:
    info = ZoneInfo(zone)
    for text in ANCHORS:
        wall = datetime.fromisoformat(text)
        anchor = first_shown(zone, wall)
        assert anchor is not None
        starts = expected(zone, anchor, datetime.fromtimestamp(anchor / 1000, info).replace(tzinfo=None), period)
        found = [anchor, *next_boundaries(anchor, period, info, anchor, len(starts) - 1)]
        assert [to_rfc3339(at) for at in found] == [to_rfc3339(at) for at in starts]
        for start, end in pairwise(starts):
            for instant in (start, start + 1, (start + end) // 2, end - 1):
                assert period_at(anchor, period, info, instant) == Span(start, end)


@pytest.mark.parametrize("zone", ZONES)
def test_every_instant_around_a_change_of_the_clock_has_its_one_day(zone: str) -> None:
    """Seven minutes at a time through the days on which the offset changes."""
    info, period, new_year = ZoneInfo(zone), Period(PeriodKind.DAY), datetime.fromisoformat("2027-01-01T00:00")
    instants, shown = walk(zone)
    changes = [
        at for at, (one, two) in zip(instants, pairwise(shown), strict=False) if two - one != timedelta(minutes=15)
    ]
    assert bool(changes) == (zone not in ("UTC", "Asia/Shanghai"))
    anchor = first_shown(zone, new_year)
    assert anchor is not None
    starts = expected(zone, anchor, new_year, period)
    for change in changes:
        for instant in range(max(anchor, change - 2 * DAY), min(change + 2 * DAY, starts[-1]), 7 * MINUTE):
            place = bisect_right(starts, instant)
            assert period_at(anchor, period, info, instant) == Span(starts[place - 1], starts[place])


@given(
    st.sampled_from(ZONES),
    st.sampled_from([*PERIODS, Period(PeriodKind.HOUR, 5), Period(PeriodKind.HOUR, 720)]),
    st.integers(parse_rfc3339("1990-01-01T00:00:00Z"), parse_rfc3339("2050-01-01T00:00:00Z")),
    st.integers(0, 20 * 365 * DAY),
)
def test_periods_are_without_gaps_and_overlaps(zone: str, period: Period, anchor: int, later: int) -> None:
    info, instant = ZoneInfo(zone), anchor + later
    span = period_at(anchor, period, info, instant)
    assert span.start <= instant < span.end
    after = period_at(anchor, period, info, span.end)
    assert after.start == span.end
    assert next(periods_after(anchor, period, info, instant)) == after
    if span.start > anchor:
        assert period_at(anchor, period, info, span.start - 1).end == span.start


def local(zone: str, text: str, fold: int = 0) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold))


def starts_of(zone: str, anchor: int, period: Period, count: int) -> list[str]:
    info = ZoneInfo(zone)
    found = [anchor, *next_boundaries(anchor, period, info, anchor, count - 1)]
    return [datetime.fromtimestamp(at / 1000, info).isoformat(timespec="minutes") for at in found]


def test_the_31st_falls_on_the_last_day_and_returns() -> None:
    anchor = local("Europe/Berlin", "2028-01-31T09:00")
    assert starts_of("Europe/Berlin", anchor, Period(PeriodKind.MONTH), 6) == [
        "2028-01-31T09:00+01:00",
        "2028-02-29T09:00+01:00",
        "2028-03-31T09:00+02:00",
        "2028-04-30T09:00+02:00",
        "2028-05-31T09:00+02:00",
        "2028-06-30T09:00+02:00",
    ]


def test_a_leap_day_returns_every_fourth_year() -> None:
    anchor = local("UTC", "2024-02-29T00:00")
    assert [text[:10] for text in starts_of("UTC", anchor, Period(PeriodKind.YEAR), 5)] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_a_skipped_time_begins_at_the_first_instant_after_it() -> None:
    anchor = local("Europe/Berlin", "2026-03-28T02:30")
    assert starts_of("Europe/Berlin", anchor, Period(PeriodKind.DAY), 3) == [
        "2026-03-28T02:30+01:00",
        "2026-03-29T03:00+02:00",
        "2026-03-30T02:30+02:00",
    ]


@pytest.mark.parametrize(
    ("zone", "day"), [("America/Santiago", "2026-09-06"), ("Asia/Beirut", "2026-03-29")], ids=["Santiago", "Beirut"]
)
def test_where_clocks_jump_at_midnight_the_day_begins_at_one(zone: str, day: str) -> None:
    anchor = local(zone, "2026-01-01T00:00")
    start = local(zone, f"{day}T01:00")
    assert period_at(anchor, Period(PeriodKind.DAY), ZoneInfo(zone), start) == Span(start, start + 23 * HOUR)
    assert period_at(anchor, Period(PeriodKind.DAY), ZoneInfo(zone), start - 1).end == start


def test_a_time_that_comes_twice_begins_the_first_time() -> None:
    anchor = local("Europe/Berlin", "2026-10-24T02:30")
    assert starts_of("Europe/Berlin", anchor, Period(PeriodKind.DAY), 3) == [
        "2026-10-24T02:30+02:00",
        "2026-10-25T02:30+02:00",
        "2026-10-26T02:30+01:00",
    ]


def test_an_anchor_in_the_second_of_two_equal_hours_stays_where_it_is() -> None:
    anchor = local("Europe/Berlin", "2026-10-25T02:30", fold=1)
    span = period_at(anchor, Period(PeriodKind.DAY), ZoneInfo("Europe/Berlin"), anchor)
    assert span == Span(anchor, anchor + 24 * HOUR)


def test_a_day_that_a_zone_left_out_is_no_period() -> None:
    """Samoa went from the 29th to the 31st of December 2011."""
    anchor = local("Pacific/Apia", "2011-12-28T00:00")
    assert [text[:10] for text in starts_of("Pacific/Apia", anchor, Period(PeriodKind.DAY), 4)] == [
        "2011-12-28",
        "2011-12-29",
        "2011-12-31",
        "2012-01-01",
    ]


def test_half_an_hour_of_summer_time_is_enough() -> None:
    anchor = local("Australia/Lord_Howe", "2026-10-03T02:15")
    assert starts_of("Australia/Lord_Howe", anchor, Period(PeriodKind.DAY), 3) == [
        "2026-10-03T02:15+10:30",
        "2026-10-04T02:30+11:00",
        "2026-10-05T02:15+11:00",
    ]


def test_hours_are_hours_that_pass() -> None:
    anchor = local("Europe/Berlin", "2026-03-29T00:00")
    found = next_boundaries(anchor, Period(PeriodKind.HOUR, 5), ZoneInfo("Europe/Berlin"), anchor, 6)
    assert found == [anchor + 5 * HOUR * number for number in range(1, 7)]


def test_once_has_no_end() -> None:
    once = Period(PeriodKind.ONCE)
    assert period_at(5, once, ZoneInfo("UTC"), 10**13) == Span(5, NEVER)
    assert next_boundaries(5, once, ZoneInfo("UTC"), 10, 3) == []


def test_there_is_no_period_before_the_anchor() -> None:
    with pytest.raises(ValueError, match="before the anchor"):
        period_at(1_000, Period(PeriodKind.DAY), ZoneInfo("UTC"), 999)


def test_a_subscription_ends_with_the_period_that_its_end_lies_in() -> None:
    anchor, month = local("UTC", "2026-01-31T00:00"), Period(PeriodKind.MONTH)
    boundary = local("UTC", "2026-04-30T00:00")
    for asked in (boundary, boundary - 1, local("UTC", "2026-03-31T00:00") + 1):
        assert last_end(anchor, month, ZoneInfo("UTC"), asked) == boundary
    assert last_end(anchor, month, ZoneInfo("UTC"), NEVER) == NEVER
    assert last_end(anchor, Period(PeriodKind.ONCE), ZoneInfo("UTC"), boundary + 7) == boundary + 7


@pytest.mark.parametrize(
    ("span", "last", "cut"),
    [
        (Span(10, 20), NEVER, Span(10, 20)),
        (Span(10, 20), 15, Span(10, 15)),
        (Span(10, 20), 20, Span(10, 20)),
        (Span(10, 20), 30, Span(10, 20)),
        (Span(10, NEVER), 30, Span(10, 30)),
        (Span(10, NEVER), NEVER, Span(10, NEVER)),
    ],
)
def test_a_span_is_cut_at_an_end(span: Span, last: int, cut: Span) -> None:
    assert span.until(last) == cut


@given(st.integers(0, 10**18), st.integers(0, 10**10), st.integers(1, 10**10), st.integers(0, 10**10))
def test_a_share_of_time_is_exact_and_never_too_much(amount: int, start: int, length: int, passed: int) -> None:
    span = Span(start, start + length)
    share = share_of_time(amount, span, start + passed)
    rest = max(0, length - passed)
    assert share * length <= amount * rest < (share + 1) * length
    assert 0 <= share <= amount


def test_of_a_period_without_an_end_everything_is_left() -> None:
    assert share_of_time(77, Span(5, NEVER), 10**15) == 77
