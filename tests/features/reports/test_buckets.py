"""Hours, days, weeks and months of every zone, also on the days when clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccmanage.reports.rules import (
    SLOT_SECONDS,
    Bucket,
    Dimension,
    bucket_of,
    buckets,
    slots_of,
    stretches,
    unit_of,
)

TIMES = [Dimension.HOUR, Dimension.DAY, Dimension.WEEK, Dimension.MONTH]
# Half-hour and quarter-hour offsets, changes at midnight, a change of half an hour, a skipped day, no change at all.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "America/St_Johns",
]


def slots(start: str, end: str) -> tuple[int, int]:
    return slots_of(*(int(datetime.fromisoformat(text).timestamp() * 1000) for text in (start, end)))


def names(zone: str, dimension: Dimension, start: str, end: str) -> list[str]:
    place = ZoneInfo(zone)
    return [bucket.id for bucket in buckets(place, dimension, stretches(place, *slots(start, end)))]


def naive(zone: ZoneInfo, dimension: Dimension, slot: int) -> str:
    """Return the name of a slot's bucket the slow way: walk back to the first slot with the same local name."""

    def name(at: int) -> object:
        local = datetime.fromtimestamp(at * SLOT_SECONDS, zone)
        by_hour = (local.date(), local.hour, local.utcoffset())
        by_day = {
            Dimension.DAY: local.date(),
            Dimension.WEEK: local.isocalendar()[:2],
            Dimension.MONTH: (local.year, local.month),
        }
        return by_hour if dimension is Dimension.HOUR else by_day[dimension]

    mine = name(slot)
    while name(slot - 1) == mine:
        slot -= 1
    return datetime.fromtimestamp(slot * SLOT_SECONDS, zone).isoformat(timespec="seconds")


def test_a_day_in_autumn_has_25_hours() -> None:
    hours = names("Europe/Berlin", Dimension.HOUR, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")
    assert len(hours) == 25
    assert hours[2:4] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]


def test_a_day_in_spring_has_23_hours() -> None:
    hours = names("Europe/Berlin", Dimension.HOUR, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")
    assert len(hours) == 23
    assert "2026-03-29T02:00:00+01:00" not in hours
    assert names("Europe/Berlin", Dimension.DAY, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z") == [
        "2026-03-29T00:00:00+01:00"
    ]


def test_a_day_without_midnight_starts_when_it_starts() -> None:
    days = names("America/Sao_Paulo", Dimension.DAY, "2018-11-03T12:00:00Z", "2018-11-05T12:00:00Z")
    assert "2018-11-04T01:00:00-02:00" in days


def test_a_day_that_never_was_has_no_bucket() -> None:
    days = names("Pacific/Apia", Dimension.DAY, "2011-12-29T12:00:00Z", "2012-01-01T00:00:00Z")
    assert [day[:10] for day in days] == ["2011-12-29", "2011-12-31", "2012-01-01"]


def test_weeks_are_iso_weeks() -> None:
    place = ZoneInfo("UTC")
    found = list(
        buckets(place, Dimension.WEEK, stretches(place, *slots("2026-12-27T00:00:00Z", "2027-01-05T00:00:00Z")))
    )
    assert [bucket.label for bucket in found] == ["2026-W52", "2026-W53", "2027-W01"]
    assert found[1].id == "2026-12-28T00:00:00+00:00"


def test_months_have_their_lengths() -> None:
    months = names("Asia/Kathmandu", Dimension.MONTH, "2026-01-15T00:00:00Z", "2026-04-01T00:00:00Z")
    assert [month[:10] for month in months] == ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]


def test_a_range_touches_whole_slots() -> None:
    assert slots_of(900_001, 1_800_001) == (1, 3)
    assert slots_of(900_000, 1_800_000) == (1, 2)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("dimension", TIMES)
@settings(max_examples=15)
@given(data=st.data())
def test_every_slot_falls_into_the_bucket_that_a_calendar_says(
    zone: str, dimension: Dimension, data: st.DataObject
) -> None:
    place = ZoneInfo(zone)
    first = data.draw(st.integers(1_472_000, 2_010_000))
    end = first + data.draw(st.integers(1, 96 * 40))
    slot = data.draw(st.integers(first, end - 1))
    cut = stretches(place, first, end)
    stretch = next(part for part in cut if part.first <= slot < part.end)
    found = bucket_of(place, dimension, stretch, (slot + stretch.offset) // unit_of(dimension))
    assert found.id == naive(place, dimension, slot)
    assert found in list(buckets(place, dimension, cut))


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    first=st.integers(1_900_000, 2_010_000),
    days=st.integers(1, 400),
)
def test_stretches_cover_a_range_without_gaps_in_every_zone(zone: str, first: int, days: int) -> None:
    place, end = ZoneInfo(zone), first + 96 * days
    cut = stretches(place, first, end)
    assert cut[0].first == first
    assert cut[-1].end == end
    assert all(before.end == after.first for before, after in pairwise(cut))
    for part in cut:
        for slot in (part.first, part.end - 1):
            offset = datetime.fromtimestamp(slot * SLOT_SECONDS, UTC).astimezone(place).utcoffset()
            assert offset == timedelta(seconds=part.offset * SLOT_SECONDS)


def test_buckets_are_in_order_and_each_appears_once() -> None:
    place = ZoneInfo("Australia/Lord_Howe")
    cut = stretches(place, *slots("2026-04-01T00:00:00Z", "2026-10-20T00:00:00Z"))
    for dimension in TIMES:
        found: list[Bucket] = list(buckets(place, dimension, cut))
        starts = [bucket.start for bucket in found]
        assert starts == sorted(set(starts))
