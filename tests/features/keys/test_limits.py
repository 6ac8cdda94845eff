"""Limits that people set on their keys: inside the package, addresses encrypted, shown with what is left."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.core.ids import KEY, encode_id
from ccmanage.packages.limits import KeyLimits, Window
from support.gateway import COST, Gateway
from support.plans import MONTHLY, assign, publish, republish
from support.world import World

LIMITS = {
    "requests": {"minute": 60},
    "tokens": {"day": 1_000_000},
    "credits": {"month": "12.5"},
    "models": {"allow": ["claude-*"], "deny": []},
    "ip": {"allow": ["192.0.2.0/24"], "deny": ["192.0.2.7"]},
    "concurrency": 4,
}


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway.of(world)


@pytest.fixture
def client(world: World, gateway: Gateway) -> TestClient:
    return world.client(gateway.person)


@pytest.fixture
def path(world: World, gateway: Gateway) -> str:
    [row] = world.rows("api_keys")
    return f"/v1/keys/{encode_id(KEY, row['public_id'])}"


def package(world: World, gateway: Gateway, **limits: Any) -> None:
    assign(world, gateway.person.workspace, publish(world, key_limits=KeyLimits(**limits)))


def test_limits_are_set_shown_and_taken_away(world: World, gateway: Gateway, client: TestClient, path: str) -> None:
    empty = client.get(f"{path}/limits").json()
    assert (empty["package"], empty["left"], empty["ip"]) == (None, [], {"allow": [], "deny": []})
    answer = client.put(f"{path}/limits", json=LIMITS)
    assert answer.status_code == 200, answer.text
    found = client.get(f"{path}/limits").json()
    assert found == answer.json()
    assert found["ip"] == LIMITS["ip"]
    assert found["own"] == {**{k: v for k, v in LIMITS.items() if k != "ip"}, "max_keys": None}
    gateway.charge(gateway.event())
    left = {line["name"]: line["remaining"] for line in client.get(f"{path}/limits").json()["left"]}
    assert left == {"requests.minute": 60, "tokens.day": 998_900, "credits.month": "12.4955", "concurrency": 4}
    assert client.put(f"{path}/limits", json={}).json()["left"] == []
    assert [row["action"] for row in world.rows("audit_log", "action = 'keys.limit'")] == ["keys.limit"] * 2


def test_addresses_lie_encrypted(world: World, client: TestClient, path: str) -> None:
    client.put(f"{path}/limits", json=LIMITS)
    tables = ("key_limits", "audit_log", "audit_details", "api_keys")
    assert "192.0.2" not in repr([world.rows(table) for table in tables])


@pytest.mark.parametrize(
    ("limits", "pointer", "code"),
    [
        ({"requests": {"day": 101}}, "/limits/requests/day", "limit.above_package"),
        ({"tokens": {"week": 1_001}}, "/limits/tokens/week", "limit.above_package"),
        ({"credits": {"month": "5.000000001"}}, "/limits/credits/month", "limit.above_package"),
        ({"concurrency": 4}, "/limits/concurrency", "limit.above_package"),
        (
            {"models": {"allow": ["claude-sonnet-*", "claude-opus-4-5"]}},
            "/limits/models/allow/1",
            "limit.model_not_in_package",
        ),
        ({"models": {"allow": ["gpt-5"]}}, "/limits/models/allow/0", "limit.model_not_in_package"),
    ],
)
def test_more_than_the_package_allows_is_refused(
    world: World, gateway: Gateway, client: TestClient, path: str, limits: dict[str, Any], pointer: str, code: str
) -> None:
    package(
        world,
        gateway,
        requests={Window.DAY: 100},
        tokens={Window.WEEK: 1_000},
        credits={Window.MONTH: 5 * 10**9},
        concurrency=3,
        models_allow=("claude-*",),
        models_deny=("*opus*",),
    )
    answer = client.put(f"{path}/limits", json=limits)
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert world.count("key_limits") == 0


def test_up_to_what_the_package_allows_is_taken(world: World, gateway: Gateway, client: TestClient, path: str) -> None:
    package(world, gateway, requests={Window.DAY: 100}, concurrency=3, models_allow=("claude-*",))
    limits = {"requests": {"day": 100, "minute": 500}, "concurrency": 3, "models": {"allow": ["claude-haiku-4-5"]}}
    answer = client.put(f"{path}/limits", json=limits)
    assert answer.status_code == 200, answer.text
    assert answer.json()["package"]["requests"] == {"day": 100}


@pytest.mark.parametrize(
    ("limits", "pointer"),
    [
        ({"ip": {"allow": ["here"]}}, "/limits/ip/allow/0"),
        ({"ip": {"deny": ["192.0.2.0/99"]}}, "/limits/ip/deny/0"),
        ({"requests": {"day": -1}}, "/requests/day"),
        ({"requests": {"year": 1}}, "/requests/year/[key]"),
        ({"tokens": {"day": 10**13}}, "/tokens/day"),
        ({"credits": {"day": "-1"}}, "/limits/credits/day"),
        ({"concurrency": 0}, "/concurrency"),
        ({"models": {"allow": ["two words"]}}, "/models/allow/0"),
        ({"max_keys": 3}, "/max_keys"),
    ],
)
def test_nonsense_is_refused(client: TestClient, path: str, limits: dict[str, Any], pointer: str) -> None:
    answer = client.put(f"{path}/limits", json=limits)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_a_key_can_rest(world: World, client: TestClient, path: str) -> None:
    for _ in range(2):
        assert client.post(f"{path}/disable", json={}).json()["state"] == "disabled"
    assert client.get(path).json()["disabled_by"] == "hand"
    for _ in range(2):
        assert client.post(f"{path}/enable", json={}).json()["state"] == "active"
    client.post(f"{path}/revoke", json={})
    for deed in ("disable", "enable"):
        assert client.post(f"{path}/{deed}", json={}).status_code == 409


def test_usage_of_a_resting_key_is_charged(gateway: Gateway, client: TestClient, path: str) -> None:
    client.post(f"{path}/disable", json={})
    gateway.charge(gateway.event())
    assert gateway.balance() == 100 * 10**9 - COST


def test_the_plan_says_how_many_keys_there_may_be(world: World, gateway: Gateway, client: TestClient) -> None:
    package(world, gateway, max_keys=2)
    assert client.post("/v1/keys", json={"name": "second"}).status_code == 201
    answer = client.post("/v1/keys", json={"name": "third"})
    assert (answer.status_code, answer.json()["code"]) == (409, "keys.limit_reached")
    assert "2 active keys" in answer.json()["detail"]


def test_a_plan_that_shrinks_disables_what_exceeds_it_newest_first(
    world: World, gateway: Gateway, client: TestClient
) -> None:
    offer = publish(world, key_limits=KeyLimits(max_keys=3))
    assign(world, gateway.person.workspace, offer)
    for name in ("second", "third"):
        assert client.post("/v1/keys", json={"name": name}).status_code == 201
    with world.scope() as scope:
        assert scope.key_limits.fit_all() == 0
    from dataclasses import replace

    smaller = republish(world, offer, replace(MONTHLY, key_limits=KeyLimits(max_keys=1)))
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE subscriptions SET version_id = {smaller.version.id}")
    with world.scope() as scope:
        assert scope.key_limits.fit_all() == 2
    with world.scope() as scope:
        assert scope.key_limits.fit_all() == 0
    states = [(key["name"], key["state"], key["disabled_by"]) for key in client.get("/v1/keys").json()["items"]]
    assert states == [("third", "disabled", "plan"), ("second", "disabled", "plan"), ("laptop", "active", None)]
    [second] = [key for key in client.get("/v1/keys").json()["items"] if key["name"] == "second"]
    assert client.post(f"/v1/keys/{second['id']}/enable", json={}).status_code == 409


def test_a_life_from_the_first_use(world: World, gateway: Gateway, client: TestClient) -> None:
    issued = client.post("/v1/keys", json={"name": "guest", "life_seconds": 3_600}).json()
    assert (issued["life_seconds"], issued["first_used_at"], issued["expires_at"]) == (3_600, None, None)
    path = f"/v1/keys/{issued['id']}"
    assert client.patch(path, json={"life_seconds": 7_200}).json()["life_seconds"] == 7_200
    world.clock.move(days=2)
    gateway.charge(gateway.event(api_key=issued["secret"]))
    later = world.client(gateway.person)
    found = later.get(path).json()
    assert (found["first_used_at"], found["expires_at"]) == ("2026-11-25T06:59:59.000Z", "2026-11-25T08:59:59.000Z")
    answer = later.patch(path, json={"life_seconds": None})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "life.begun")


@pytest.mark.parametrize("seconds", [0, 59, 10**12])
def test_lives_out_of_range(client: TestClient, seconds: int) -> None:
    assert client.post("/v1/keys", json={"name": "x", "life_seconds": seconds}).status_code == 422
