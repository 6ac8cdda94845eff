"""The demo's month is the same every time, ends at the anchor, and looks like life."""

from collections import Counter
from typing import Any

import pytest

from ccmanage.core.clock import DAY, HOUR, parse_rfc3339, to_datetime
from ccmanage.demo.cast import KEYS, UNPRICED
from ccmanage.demo.fill import Demo, story

ANCHOR = parse_rfc3339("2026-11-20T15:30:00Z")  # a Friday afternoon
IDS = {key.name: f"key_{key.name}" for key in KEYS}


@pytest.fixture(scope="module")
def days() -> list[list[dict[str, Any]]]:
    return story(Demo(ANCHOR, "gw_x", IDS))


@pytest.fixture(scope="module")
def events(days: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [event for day in days for event in day]


def total(events: list[dict[str, Any]], name: str) -> int:
    return sum(event["usage"][name] for event in events)


def test_it_is_the_same_every_time(days: list[list[dict[str, Any]]]) -> None:
    assert story(Demo(ANCHOR, "gw_x", IDS)) == days
    assert story(Demo(ANCHOR, "gw_y", IDS))[0][0]["id"] != days[0][0]["id"]


def test_it_fills_thirty_days_up_to_the_anchor_in_order(events: list[dict[str, Any]]) -> None:
    times = [parse_rfc3339(event["time"]) for event in events]
    assert len(times) == 8_819
    assert times == sorted(times)
    assert ANCHOR - 30 * DAY <= times[0] < ANCHOR - 29 * DAY
    assert ANCHOR - 2 * HOUR < times[-1] < ANCHOR
    assert len({event["id"] for event in events}) == len(events)


def test_work_happens_on_working_days_in_working_hours(events: list[dict[str, Any]]) -> None:
    moments = [to_datetime(parse_rfc3339(event["time"])) for event in events]
    weekend = sum(moment.weekday() >= 5 for moment in moments)
    assert 0.01 < weekend / len(moments) < 0.08
    night = sum(moment.hour < 6 for moment in moments)
    assert night / len(moments) < 0.05
    assert len({moment.date() for moment in moments}) >= 30


def test_most_input_is_read_from_the_cache(events: list[dict[str, Any]]) -> None:
    read, written = total(events, "cache_read_input_tokens"), total(events, "cache_creation_input_tokens")
    fresh = total(events, "input_tokens")
    assert 0.85 < read / (read + written + fresh) < 0.99
    assert fresh < written < read
    assert all(
        event["usage"]["cache_creation_input_tokens"] == sum(event["usage"]["cache_creation"].values())
        for event in events
    )


def test_keys_models_and_projects_are_many_and_some_calls_fail(events: list[dict[str, Any]]) -> None:
    assert {event.get("key_id") for event in events} == {*IDS.values(), None}
    assert len(Counter(event["model"] for event in events)) == 5
    assert len({event["project"] for event in events}) >= 5
    assert 100 < len({event["session_id"] for event in events}) < 1_000
    assert 50 < sum(event["status"] == "error" for event in events) < 200
    assert 5 < sum("server_tool_use" in event["usage"] for event in events) < 60


def test_an_administrator_finds_something_to_look_at(events: list[dict[str, Any]]) -> None:
    assert sum(event["model"] == UNPRICED for event in events) == 7
    assert sum("api_key" in event for event in events) == 2


def test_no_day_is_larger_than_a_post(days: list[list[dict[str, Any]]]) -> None:
    assert all(0 < len(day) <= 1_000 for day in days)
