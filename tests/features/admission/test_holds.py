"""Holds: strict, captured once, released by call, by time and by their event; what they stood on is kept."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.admission.service import WantedHold
from ccmanage.core.errors import DomainError
from ccmanage.core.money import NANO, parse_credits
from ccmanage.credits.models import HoldState
from ccmanage.credits.tasks import ExpireHolds
from ccmanage.packages.rules import OverdraftTerms
from ccmanage.privacy.tasks import ApplyRetention
from support.books import assert_books_clean
from support.gateway import COST, Gateway
from support.plans import assign, publish
from support.world import World
from workers.registry import perform


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway.of(world, credits="10")


@pytest.fixture
def client(world: World, gateway: Gateway) -> TestClient:
    client = world.client()
    client.headers["Authorization"] = f"Bearer {gateway.token}"
    return client


def hold(client: TestClient, gateway: Gateway, credits: str = "1", status: int = 201, **more: Any) -> dict[str, Any]:
    headers = more.pop("headers", {})
    body = {"api_key": gateway.api_key, "credits": credits, "ttl_seconds": 60, **more}
    answer = client.post("/v1/holds", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def shown(world: World, gateway: Gateway) -> tuple[str, str, str]:
    """Return balance, held and available as the owner sees them."""
    found = world.client(gateway.person).get("/v1/credits/balance").json()
    return found["balance"], found["held"], found["available"]


def test_a_hold_sets_credits_aside_until_it_is_released(world: World, gateway: Gateway, client: TestClient) -> None:
    made = hold(client, gateway, "4")
    assert (made["state"], made["credits"], made["ended_at"]) == ("active", "4", None)
    assert made["id"].startswith("hld_")
    assert shown(world, gateway) == ("10", "4", "6")
    refused = hold(client, gateway, "6.000000001", 402)
    assert refused["code"] == "hold.insufficient_credits"
    hold(client, gateway, "6")
    for _ in range(2):
        assert client.delete(f"/v1/holds/{made['id']}").json()["state"] == "released"
    assert shown(world, gateway) == ("10", "6", "4")
    assert client.get(f"/v1/holds/{made['id']}").json()["state"] == "released"
    assert_books_clean(world.runtime.database, world.clock)


def test_verify_sees_what_is_held(world: World, gateway: Gateway, client: TestClient) -> None:
    hold(client, gateway, "10")
    answer = client.post("/v1/keys/verify", json={"api_key": gateway.api_key}).json()
    assert (answer["code"], answer["balance"], answer["available"]) == ("INSUFFICIENT_CREDITS", "10", "0")


def test_the_event_captures_its_hold_and_the_difference_returns(
    world: World, gateway: Gateway, client: TestClient
) -> None:
    made = hold(client, gateway, "4")
    gateway.charge(gateway.event(hold_id=made["id"]))
    assert shown(world, gateway) == ("9.9955", "0", "9.9955")
    assert client.get(f"/v1/holds/{made['id']}").json()["state"] == "captured"
    answer = client.delete(f"/v1/holds/{made['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "hold.captured")
    [row] = world.rows("holds")
    [event] = world.rows("events")
    assert row["settlement_id"] == event["settlement_id"]
    assert event["flags"] == 0
    assert_books_clean(world.runtime.database, world.clock)


def test_a_hold_is_captured_once(world: World, gateway: Gateway, client: TestClient) -> None:
    made = hold(client, gateway, "4")
    gateway.charge(gateway.event(hold_id=made["id"]), gateway.event(hold_id=made["id"]))
    gateway.charge(gateway.event(hold_id=made["id"]))
    assert [row["flags"] for row in world.rows("events", "1=1 ORDER BY id")] == [0, 16, 16]
    assert gateway.balance() == 10 * NANO - 3 * COST
    item = world.client(gateway.person).get("/v1/usage/events").json()["items"][0]
    assert item["flags"] == ["hold_refused"]


def test_foreign_expired_and_unknown_holds_change_nothing(world: World, gateway: Gateway, client: TestClient) -> None:
    other = Gateway.of(world, name="Bea")
    theirs = hold(client, other, "4")
    mine = hold(client, gateway, "4", ttl_seconds=5)
    world.clock.move(seconds=5)
    for name in (theirs["id"], mine["id"], "hld_" + "0" * 26):
        gateway.charge(gateway.event(hold_id=name))
    assert [row["flags"] for row in world.rows("events", "1=1 ORDER BY id")] == [16, 16, 16]
    assert client.get(f"/v1/holds/{theirs['id']}").json()["state"] == "active"
    assert client.get(f"/v1/holds/{mine['id']}").json()["state"] == "expired"


def test_an_event_that_came_in_time_captures_although_it_is_settled_late(
    world: World, gateway: Gateway, client: TestClient
) -> None:
    made = hold(client, gateway, "4", ttl_seconds=5)
    gateway.post(gateway.event(hold_id=made["id"]))
    world.clock.move(seconds=30)
    gateway.settle()
    assert [row["flags"] for row in world.rows("events")] == [0]


def test_nothing_leaks_when_the_gateway_dies(world: World, gateway: Gateway, client: TestClient) -> None:
    hold(client, gateway, "10", ttl_seconds=5)
    hold(client, gateway, "1", 402)
    world.clock.move(seconds=5)
    assert shown(world, gateway) == ("10", "0", "10")
    second = hold(client, gateway, "10")  # ends the expired one under the lock
    assert [row["state"] for row in world.rows("holds", "1=1 ORDER BY id")] == [HoldState.EXPIRED, HoldState.ACTIVE]
    world.clock.move(seconds=60)
    with world.scope() as scope:
        assert scope.holds.expire_due() == 1
        assert scope.holds.expire_due() == 0
    assert client.get(f"/v1/holds/{second['id']}").json()["state"] == "expired"
    assert client.delete(f"/v1/holds/{second['id']}").json()["state"] == "expired"
    assert_books_clean(world.runtime.database, world.clock)


def test_the_overdraft_allowance_counts(world: World, client: TestClient) -> None:
    poor = Gateway.of(world, credits=None, name="Bea")
    assign(world, poor.person.workspace, publish(world, allowance_nano=1 * NANO, overdraft=OverdraftTerms(2 * NANO)))
    hold(client, poor, "3")
    assert shown(world, poor) == ("1", "3", "0")
    hold(client, poor, "0.000000001", 402)
    [row] = world.rows("holds")
    assert (row["available_before_nano"], row["held_before_nano"], row["overdraft_nano"]) == (3 * NANO, 0, 2 * NANO)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE api_keys SET state = 1", "revoked"),
        ("UPDATE api_keys SET expires_at = 1", "expired"),
        ("UPDATE api_keys SET disabled_at = 1", "disabled"),
        ("UPDATE workspaces SET state = 1", "workspace_suspended"),
        ("DELETE FROM api_key_secrets", "not_found"),
    ],
)
def test_the_reason_of_a_refusal(world: World, gateway: Gateway, client: TestClient, change: str, reason: str) -> None:
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql(change)
    assert hold(client, gateway, "1", 402)["code"] == f"hold.{reason}"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"credits": "0"}, "/credits"),
        ({"credits": "-1"}, "/credits"),
        ({"credits": "1000000.000000001"}, "/credits"),
        ({"credits": "9999999999"}, "/credits"),
        ({"credits": "99999999999999999999"}, "/credits"),
        ({"credits": 1}, "/credits"),
        ({"ttl_seconds": 0}, "/ttl_seconds"),
        ({"ttl_seconds": 3_601}, "/ttl_seconds"),
    ],
)
def test_bounds_are_refused_and_never_clamped(
    world: World, gateway: Gateway, client: TestClient, fields: dict[str, Any], pointer: str
) -> None:
    found = hold(client, gateway, **{"status": 422, **fields})
    assert found["errors"][0]["pointer"] == pointer
    assert world.count("holds") == 0


def test_the_largest_hold_on_the_largest_balance(world: World, client: TestClient) -> None:
    rich = Gateway.of(world, credits="1000000000", name="Croesus")
    for _ in range(3):
        world.grant(rich.person.workspace, "1000000000")
    hold(client, rich, "1000000")
    assert shown(world, rich) == ("4000000000", "1000000", "3999000000")
    assert_books_clean(world.runtime.database, world.clock)


def test_repeating_with_the_same_key_is_the_same_hold(world: World, gateway: Gateway, client: TestClient) -> None:
    headers = {"Idempotency-Key": "call-1"}
    first = hold(client, gateway, "4", headers=headers)
    assert hold(client, gateway, "4", headers=headers)["id"] == first["id"]
    assert hold(client, gateway, "5", 422, headers=headers)["code"] == "idempotency.key_reused"
    assert world.count("holds") == 1


def test_holds_are_the_gateways_that_made_them(world: World, gateway: Gateway, client: TestClient) -> None:
    made = hold(client, gateway)
    other = {"Authorization": f"Bearer {world.gateway('other').token}"}
    for method in ("GET", "DELETE"):
        assert client.request(method, f"/v1/holds/{made['id']}", headers=other).status_code == 404


def test_many_at_once_and_credits_for_one(world: World, gateway: Gateway) -> None:
    """On both databases; with several processes in tests/faults."""
    amount, results = parse_credits("10"), []
    gate = threading.Barrier(8)

    def once() -> None:
        gate.wait()
        for _ in range(5):
            try:
                world.runtime.run(
                    lambda scope: scope.admission.hold(WantedHold(gateway.api_key, amount, 60, gateway.id))
                )
                results.append("held")
            except DomainError as error:
                results.append(error.code)

    threads = [threading.Thread(target=once) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("held") == 1
    assert set(results) == {"held", "hold.insufficient_credits"}
    assert len(results) == 40
    assert_books_clean(world.runtime.database, world.clock)


def test_holds_that_ended_long_ago_go(world: World, gateway: Gateway, client: TestClient) -> None:
    captured, released, expired = (hold(client, gateway)["id"] for _ in range(3))
    gateway.charge(gateway.event(hold_id=captured))
    client.delete(f"/v1/holds/{released}")
    world.clock.move(days=31)
    perform(world.runtime, ApplyRetention())
    assert world.count("holds") == 1, "what nobody has ended yet stays, and so does what was made after it"
    perform(world.runtime, ExpireHolds())
    young = hold(client, gateway)["id"]
    perform(world.runtime, ApplyRetention())
    assert client.get(f"/v1/holds/{expired}").status_code == 404
    assert client.get(f"/v1/holds/{young}").json()["state"] == "active"
    assert_books_clean(world.runtime.database, world.clock)
