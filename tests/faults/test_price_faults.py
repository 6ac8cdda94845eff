"""Prices that are set while usage is in flight: none is lost, and all processes go by the newest (57, 59)."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ccmanage.core.clock import DAY, SystemClock, to_rfc3339
from ccmanage.core.ids import PRICE, encode_id
from support.stack import Stack, Tenant
from support.stack_admin import Admin
from support.stack_books import check_load, check_prices
from support.stack_load import Load
from support.stack_posts import post_of, send_post

pytestmark = [pytest.mark.faults, pytest.mark.mysql, pytest.mark.redis]

SEEN_SECONDS = 2.0
EDITORS = 8


def test_row_57_of_prices_that_are_set_at_once_none_is_lost(stack: Stack, tenant: Tenant) -> None:
    """Eight people correct one price at the same instant, at both processes, while calls by it are charged."""
    first = Admin.of(stack)
    start = SystemClock().now_ms() - 30 * DAY
    first.price("fault-57-*", "1", "2", effective_from=start)
    editors = [Admin(first.ports[place % 2 :] + first.ports[: place % 2], first.token) for place in range(EDITORS)]
    together = threading.Barrier(EDITORS)

    def correct(place: int) -> None:
        together.wait()
        editors[place].price("fault-57-*", str(place + 2), "2", effective_from=start)

    with Load(stack, tenant, seed=57, models=("fault-57-a", "fault-57-b")) as load:
        load.wait_for(2)
        with ThreadPoolExecutor(EDITORS) as pool:
            list(pool.map(correct, range(EDITORS)))
        load.wait_for(2)
    assert not load.failed, load.summary()
    stack.settled()
    check_load(stack, load)
    rows = stack.rows("SELECT id, public_id, version FROM prices WHERE pattern = 'fault-57-*'")
    # Each correction is a version of its own, on top of another: nobody has overwritten anybody.
    assert sorted(row["version"] for row in rows) == list(range(1, EDITORS + 2))
    numbers = {bytes(row["public_id"]): row["id"] for row in rows}
    priced = {key: at for admin in (first, *editors) for key, at in admin.priced.items()}
    assert priced.keys() == numbers.keys()
    told = [row["subject_id"] for row in stack.rows("SELECT subject_id FROM audit_log WHERE subject_kind = 'price'")]
    assert all(told.count(encode_id(PRICE, key)) == 1 for key in numbers)
    events = stack.rows(f"SELECT * FROM events WHERE gateway_id = {tenant.gateway_id}")
    check_prices(stack, events, {numbers[key]: at for key, at in priced.items()})
    newest = max(rows, key=lambda row: row["version"])
    assert {event["price_id"] for event in events} >= {newest["id"]}


def test_row_59_every_process_goes_by_a_new_price_at_once(stack: Stack, tenant: Tenant) -> None:
    """Each process has the old price in memory; the next event that it settles is charged by the new one."""
    admin = Admin.of(stack)
    admin.price("fault-59", "1", "1", effective_from=SystemClock().now_ms() - DAY)
    credits = 1
    for number in range(len(stack.workers)):
        stack.only_worker(number)
        assert charged(stack, tenant, f"warm-{number}", api=0) == credits
        credits += 1
        admin.price("fault-59", str(credits), "1", effective_from=SystemClock().now_ms() - DAY)
        began = time.monotonic()
        assert [quoted(stack, admin, api=api) for api in (0, 1)] == [credits, credits]
        assert [charged(stack, tenant, f"{number}-{api}", api=api) for api in (0, 1)] == [credits, credits]
        assert time.monotonic() - began < SEEN_SECONDS
        stack.start_processes()


def charged(stack: Stack, tenant: Tenant, name: str, *, api: int) -> int:
    """Post a call of a million tokens; returns what it was charged in credits."""
    event = {
        "id": name,
        "time": to_rfc3339(SystemClock().now_ms()),
        "api_key": tenant.keys[0],
        "model": "fault-59",
        "usage": {"input_tokens": 1_000_000, "output_tokens": 0},
    }
    answer = send_post(stack.apis[api].port, tenant.token, post_of(event), query="?wait=20", timeout_seconds=30)
    [item] = answer.json["items"]
    assert item["outcome"] == "inserted", item
    return int(item["credits"])


def quoted(stack: Stack, admin: Admin, *, api: int) -> int:
    """Return what a process says that such a call costs."""
    asked = Admin([stack.apis[api].port], admin.token)
    body: dict[str, Any] = {"model": "fault-59", "usage": {"input_tokens": 1_000_000}}
    return int(asked.do("/v1/admin/prices/preview", body, 200)["credits"])
