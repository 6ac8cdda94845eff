"""Events that come twice, late, early, wrong, unpriced, of keys that are gone (rows 40 to 47)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from ccmanage.core.clock import DAY, MINUTE, SystemClock, to_rfc3339
from ccmanage.core.ids import WORKSPACE, decode_id
from ccmanage.usage.models import EventFlag
from support.stack import Stack, Tenant
from support.stack_admin import Admin
from support.stack_books import check_load, check_prices
from support.stack_load import Load
from support.stack_posts import Answer, Event, post_of, send_post
from support.stack_process import until

pytestmark = [pytest.mark.faults, pytest.mark.mysql, pytest.mark.redis]

COST = 4_500_000


class Gateway:
    """Posts events of a tenant one by one and tells what became of them."""

    def __init__(self, stack: Stack, tenant: Tenant) -> None:
        self.stack, self.tenant = stack, tenant

    def event(self, **changes: Any) -> Event:
        """Return an event that costs COST."""
        base = {
            "id": "msg_1",
            "time": self.time(0),
            "api_key": self.tenant.keys[0],
            "model": "claude-sonnet-4-5",
            "usage": {"input_tokens": 1_000, "output_tokens": 100},
        }
        return {**base, **changes}

    def time(self, ahead_ms: int) -> str:
        """Return a time so far from now."""
        return to_rfc3339(SystemClock().now_ms() + ahead_ms)

    def post(self, *events: Event, api: int = 0, query: str = "?wait=30") -> Answer:
        """Post an array of events and wait for its settlement."""
        port, post = self.stack.apis[api].port, post_of(*events)
        return send_post(port, self.tenant.token, post, query=query, timeout_seconds=40)

    def outcomes(self, *events: Event) -> list[str]:
        """Post and return the outcome of each event, with the code of what was quarantined."""
        answer = self.post(*events)
        assert answer.status == 200, answer
        return [":".join(filter(None, (item["outcome"], item.get("code")))) for item in answer.json["items"]]

    def spent(self) -> int:
        """Return what the tenant was charged."""
        return self.stack.spent(self.tenant.workspaces)

    def stored(self) -> list[dict[str, Any]]:
        """Return the tenant's events by number."""
        return self.stack.rows(f"SELECT * FROM events WHERE gateway_id = {self.tenant.gateway_id} ORDER BY id")


@pytest.fixture
def gateway(stack: Stack, tenant: Tenant) -> Gateway:
    return Gateway(stack, tenant)


def test_row_40_the_same_event_twenty_times_at_once(gateway: Gateway) -> None:
    event, start = gateway.event(), threading.Barrier(20)

    def post(number: int) -> Answer:
        start.wait()
        return gateway.post(event, api=number % 2)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    assert {answer.status for answer in answers} == {200}
    outcomes = sorted(answer.json["items"][0]["outcome"] for answer in answers)
    assert outcomes == ["duplicate"] * 19 + ["inserted"]
    assert (len(gateway.stored()), gateway.spent()) == (1, COST)


def test_row_41_the_same_id_with_another_payload(stack: Stack, gateway: Gateway) -> None:
    first = gateway.event()
    other = {**first, "usage": {"input_tokens": 999_999}}
    assert gateway.outcomes(first) == ["inserted"]
    assert gateway.outcomes(other) == ["conflict:event.conflict"]
    assert gateway.outcomes(first, other) == ["duplicate", "conflict:event.conflict"]
    [event] = gateway.stored()
    assert (event["input_tokens"], gateway.spent()) == (1_000, COST)
    [row] = stack.rows(f"SELECT * FROM quarantine WHERE gateway_id = {gateway.tenant.gateway_id}")
    assert (bytes(row["event_id"]), row["count"]) == (b"msg_1", 2)


def test_row_42_ids_that_look_alike(gateway: Gateway) -> None:
    ids = ["Ab", "aB", "Ab ", " Ab", "é", "e\u0301", "ß", "ss", "Å", "A\u030a"]
    assert gateway.outcomes(*(gateway.event(id=name) for name in ids)) == ["inserted"] * len(ids)
    assert [bytes(row["event_id"]).decode() for row in gateway.stored()] == ids
    assert gateway.outcomes(gateway.event(id="A\0b")) == ["quarantined:event.id_invalid"]


def test_row_43_late_early_and_out_of_order(gateway: Gateway) -> None:
    ages = {
        "now": 0,
        "yesterday": -DAY,
        "ahead": 4 * MINUTE,
        "old": -89 * DAY,
        "older": -91 * DAY,
        "future": 10 * MINUTE,
    }
    outcomes = gateway.outcomes(*(gateway.event(id=name, time=gateway.time(age)) for name, age in ages.items()))
    assert outcomes == ["inserted"] * 4 + ["quarantined:event.time_too_old", "quarantined:event.time_in_future"]


def test_row_44_events_of_keys_that_are_gone(stack: Stack, gateway: Gateway) -> None:
    """Before and after a revocation, of an expired key, of a suspended workspace, of a key that never was."""
    now = SystemClock().now_ms()
    revoked, expired, suspended = (stack.tenant() for _ in range(3))
    key_of = "UPDATE api_keys SET {} WHERE workspace_id = {}"
    stack.execute(
        key_of.format(f"revoked_at = {now - MINUTE}, state = 1", revoked.workspaces[0]),
        key_of.format(f"expires_at = {now - MINUTE}", expired.workspaces[0]),
    )
    with stack.runtime.scope() as scope:
        scope.workspaces.suspend(decode_id(WORKSPACE, suspended.workspace_ids[0]), reason="test")
    before = gateway.time(-2 * MINUTE)
    events = [
        gateway.event(id="before", api_key=revoked.keys[0], time=before),
        gateway.event(id="after", api_key=revoked.keys[0]),
        gateway.event(id="expired", api_key=expired.keys[0]),
        gateway.event(id="suspended", api_key=suspended.keys[0]),
        gateway.event(id="unknown", api_key="ccm_nobodys"),
    ]
    assert gateway.outcomes(*events) == ["inserted"] * 4 + ["quarantined:key.unknown"]
    flags = [0, EventFlag.KEY_REVOKED, EventFlag.KEY_EXPIRED, EventFlag.WORKSPACE_SUSPENDED]
    assert [row["flags"] for row in gateway.stored()] == flags
    for charged, count in ((revoked, 2), (expired, 1), (suspended, 1)):
        assert stack.spent(charged.workspaces) == count * COST


def test_row_45_prices_change_twenty_times_under_load(stack: Stack, tenant: Tenant) -> None:
    admin = Admin.of(stack)
    start = SystemClock().now_ms()
    admin.price("fault-45-*", "1", "2", effective_from=start - 30 * DAY)
    with Load(stack, tenant, seed=45, models=("fault-45-a", "fault-45-b")) as load:
        for number in range(20):
            load.wait_for(1)
            # Some from now on, some for the past few minutes: the next settlement takes them.
            back = (0, 0, 5 * MINUTE)[number % 3]
            admin.price("fault-45-*", f"{number + 2}", "3", effective_from=SystemClock().now_ms() - back)
    assert not load.failed, load.summary()
    stack.settled()
    check_load(stack, load)
    numbers = {bytes(row["public_id"]): row["id"] for row in stack.rows("SELECT id, public_id FROM prices")}
    known_at = {numbers[public_id]: at for public_id, at in admin.priced.items()}
    events = stack.rows(f"SELECT * FROM events WHERE gateway_id = {tenant.gateway_id}")
    check_prices(stack, events, known_at)
    assert len({event["price_id"] for event in events}) > 5


def test_row_46_a_model_without_a_price_is_charged_when_one_comes(stack: Stack, gateway: Gateway) -> None:
    unpriced = gateway.event(id="a", model="fault-46")
    assert gateway.outcomes(unpriced, gateway.event(id="b")) == ["unpriced", "inserted"]
    assert gateway.outcomes(unpriced) == ["duplicate"]
    assert gateway.spent() == COST
    Admin.of(stack).price("fault-46", "2", "4", effective_from=SystemClock().now_ms() - DAY)
    until(lambda: gateway.spent() == COST + 2_400_000, 15, "the event is charged")
    assert stack.scalar("SELECT COUNT(*) FROM unpriced_events WHERE settlement_id = 0") == 0


def test_row_47_a_poison_event_is_alone_in_quarantine(stack: Stack, gateway: Gateway) -> None:
    """The database refuses one row, whatever the reason: its 49 neighbours and other batches are charged."""
    stack.expected |= {"settlement_failed", "event_poisoned"}
    other = Gateway(stack, stack.tenant())
    with refusing(stack, "events", "NEW.event_id = 'poison'"), ThreadPoolExecutor(1) as pool:
        neighbour = pool.submit(other.outcomes, other.event())
        events = [gateway.event(id=f"msg_{number}") for number in range(49)]
        outcomes = gateway.outcomes(*events[:17], gateway.event(id="poison"), *events[17:])
        assert neighbour.result() == ["inserted"]
    assert outcomes[17] == "quarantined:event.poison"
    assert outcomes.count("inserted") == 49
    assert gateway.spent() == 49 * COST


def test_row_47_many_poison_events_hold_nobody_up(stack: Stack, gateway: Gateway) -> None:
    """More than one settlement can find: what is healthy is charged all the same."""
    stack.expected |= {"settlement_failed", "event_poisoned"}
    other = Gateway(stack, stack.tenant())
    with refusing(stack, "events", "NEW.event_id LIKE 'poison%'"):
        gateway.post(*(gateway.event(id=f"poison{number}") for number in range(60)), query="")
        for number in range(3):
            assert other.outcomes(other.event(id=f"msg_{number}")) == ["inserted"]
        stack.settled(60)
    query = "SELECT COUNT(*) FROM quarantine WHERE code = 'event.poison' AND gateway_id = {}"
    assert stack.scalar(query.format(gateway.tenant.gateway_id)) == 60


def test_row_47_a_fault_of_no_single_event_is_waited_out(stack: Stack, gateway: Gateway) -> None:
    """No event is to blame while a table refuses everything: batches wait, and nothing lands in quarantine."""
    stack.expected |= {"settlement_failed", "event_poisoned", "task_failed"}
    with refusing(stack, "settlements", "1 = 1"):
        gateway.post(gateway.event(id="a"), gateway.event(id="b"), query="")
        tries = f"SELECT MAX(tries) FROM inbox_batches WHERE gateway_id = {gateway.tenant.gateway_id}"
        until(lambda: stack.scalar(tries) > 0, 10, "the batch is put off")
    stack.settled(20)
    assert [row["credits_nano"] for row in gateway.stored()] == [COST, COST]


@contextmanager
def refusing(stack: Stack, table: str, condition: str) -> Iterator[None]:
    """Have the database refuse rows of a table, as a bug of ours would."""
    signal = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused by the test'"
    stack.execute(f"CREATE TRIGGER poison BEFORE INSERT ON {table} FOR EACH ROW IF {condition} THEN {signal}; END IF")
    try:
        yield
    finally:
        stack.execute("DROP TRIGGER poison")
