"""Windows of limits: they hold their instant, follow each other without a gap, and begin with a slot."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.admission.windows import window_at
from ccmanage.core.clock import HOUR, parse_rfc3339, to_rfc3339
from ccmanage.packages.limits import Window

SLOT_MS = 900_000
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Africa/Cairo",
]


@pytest.mark.parametrize(
    ("window", "zone", "now", "start", "end"),
    [
        ("minute", "UTC", "2026-11-23T07:10:59.999Z", "2026-11-23T07:10:00.000Z", "2026-11-23T07:11:00.000Z"),
        ("hour", "Asia/Kathmandu", "2026-11-23T07:10:00Z", "2026-11-23T07:00:00.000Z", "2026-11-23T08:00:00.000Z"),
        ("five_hours", "UTC", "1970-01-01T05:00:00Z", "1970-01-01T05:00:00.000Z", "1970-01-01T10:00:00.000Z"),
        ("day", "Europe/Berlin", "2026-11-23T07:10:00Z", "2026-11-22T23:00:00.000Z", "2026-11-23T23:00:00.000Z"),
        # 25 and 23 hours
        ("day", "Europe/Berlin", "2026-10-25T07:10:00Z", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"),
        ("day", "Europe/Berlin", "2026-03-29T07:10:00Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"),
        # a midnight that does not exist: the day begins at one
        ("day", "America/Santiago", "2026-09-06T12:00:00Z", "2026-09-06T04:00:00.000Z", "2026-09-07T03:00:00.000Z"),
        ("week", "UTC", "2026-11-22T23:59:59Z", "2026-11-16T00:00:00.000Z", "2026-11-23T00:00:00.000Z"),
        ("month", "Asia/Shanghai", "2026-12-31T16:00:00Z", "2026-12-31T16:00:00.000Z", "2027-01-31T16:00:00.000Z"),
        ("month", "UTC", "2028-02-29T00:00:00Z", "2028-02-01T00:00:00.000Z", "2028-03-01T00:00:00.000Z"),
    ],
)
def test_windows(window: str, zone: str, now: str, start: str, end: str) -> None:
    found = window_at(Window(window), parse_rfc3339(now), ZoneInfo(zone))
    assert tuple(map(to_rfc3339, found)) == (start, end)


@given(
    window=st.sampled_from(list(Window)),
    zone=st.sampled_from(ZONES),
    now=st.integers(parse_rfc3339("2024-01-01T00:00:00Z"), parse_rfc3339("2032-01-01T00:00:00Z")),
)
def test_windows_hold_their_instant_and_have_no_gap(window: Window, zone: str, now: int) -> None:
    start, end = window_at(window, now, ZoneInfo(zone))
    assert start <= now < end
    assert window_at(window, start, ZoneInfo(zone)) == (start, end)
    assert window_at(window, end - 1, ZoneInfo(zone)) == (start, end)
    assert window_at(window, end, ZoneInfo(zone))[0] == end
    if window is not Window.MINUTE:
        assert start % SLOT_MS == end % SLOT_MS == 0
    assert end - start <= 32 * 24 * HOUR
