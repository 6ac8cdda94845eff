"""Verify over HTTP: the contract's shape, every code, limits, leases, and what changes within two seconds."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.core.clock import DAY, MINUTE, SECOND
from ccmanage.core.ids import KEY, WORKSPACE, encode_id
from ccmanage.core.money import NANO
from ccmanage.keys.limits import OwnLimits
from ccmanage.keys.service import Keyring
from ccmanage.packages.limits import KeyLimits, Window
from ccmanage.packages.rules import OverdraftTerms
from support.books import assert_books_clean
from support.gateway import COST, Gateway
from support.plans import assign, publish
from support.world import World


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway.of(world)


@pytest.fixture
def client(world: World, gateway: Gateway) -> TestClient:
    client = world.client()
    client.headers["Authorization"] = f"Bearer {gateway.token}"
    return client


def ask(client: TestClient, gateway: Gateway, **fields: Any) -> dict[str, Any]:
    answer = client.post("/v1/keys/verify", json={"api_key": gateway.api_key, **fields})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def limit(gateway: Gateway, **limits: Any) -> None:
    """Give the gateway's key limits of its own."""
    own = OwnLimits(KeyLimits(**{k: v for k, v in limits.items() if not k.startswith("ip_")}),
                    limits.get("ip_allow", ()), limits.get("ip_deny", ()))  # fmt: skip
    world = gateway.world
    with world.scope() as scope:
        ring = Keyring(gateway.person.workspace.id)
        scope.key_limits.set(ring, public_id(gateway), own)
    world.clock.move(seconds=2)


def public_id(gateway: Gateway) -> bytes:
    [row] = gateway.world.rows("api_keys", f"id = {gateway.key_id}")
    found: bytes = row["public_id"]
    return found


def test_a_good_key(world: World, gateway: Gateway, client: TestClient) -> None:
    assert ask(client, gateway, model="claude-sonnet-4-5", ip="192.0.2.1", estimated_credits="0.05") == {
        "valid": True,
        "code": "VALID",
        "key_id": encode_id(KEY, public_id(gateway)),
        "workspace_id": encode_id(WORKSPACE, gateway.person.workspace.public_id),
        "balance": "100",
        "available": "100",
        "unlimited": False,
        "limits": [],
        "resets_at": None,
        "expires_at": None,
        "exceeded": None,
        "retry_after_seconds": None,
        "degraded": False,
        "lease": None,
    }


@pytest.mark.parametrize("secret", ["", "nonsense", "ccm_" + "0" * 42, "ccg_x", "\u0000"])
def test_unknown_keys(gateway: Gateway, client: TestClient, secret: str) -> None:
    found = ask(client, gateway, api_key=secret)
    assert (found["valid"], found["code"], found["key_id"], found["balance"]) == (False, "NOT_FOUND", None, None)


def test_a_key_of_nobody_costs_one_read_in_a_while(world: World, gateway: Gateway, client: TestClient) -> None:
    from ccmanage.core.security import new_secret

    secret = new_secret("ccm_")
    assert {ask(client, gateway, api_key=secret)["code"] for _ in range(3)} == {"NOT_FOUND"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE api_keys SET state = 1, revoked_at = {now}", "REVOKED"),
        ("UPDATE api_keys SET expires_at = {now}", "EXPIRED"),
        ("UPDATE api_key_secrets SET expires_at = {now}", "EXPIRED"),
        ("UPDATE api_keys SET disabled_at = {now}, disabled_cause = 1", "DISABLED"),
        ("UPDATE users SET state = 1", "DISABLED"),
        ("UPDATE workspaces SET state = 1", "WORKSPACE_SUSPENDED"),
        ("UPDATE workspaces SET state = 2", "WORKSPACE_SUSPENDED"),
        ("UPDATE balances SET balance_nano = 0", "INSUFFICIENT_CREDITS"),
    ],
)
def test_changes_are_seen_within_two_seconds(
    world: World, gateway: Gateway, client: TestClient, change: str, code: str
) -> None:
    assert ask(client, gateway)["code"] == "VALID"
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql(change.format(now=world.clock.now_ms()))
    world.clock.move(seconds=1.4)
    assert ask(client, gateway)["code"] == "VALID"
    world.clock.move(seconds=0.1)
    assert ask(client, gateway)["code"] == code


def test_addresses_and_models(gateway: Gateway, client: TestClient) -> None:
    limit(gateway, models_deny=("claude-opus-*",), ip_allow=("192.0.2.0/24",))
    assert ask(client, gateway, ip="192.0.2.9", model="claude-sonnet-4-5")["code"] == "VALID"
    assert ask(client, gateway, ip="198.51.100.9", model="claude-sonnet-4-5")["code"] == "IP_NOT_ALLOWED"
    assert (
        ask(client, gateway, ip="192.0.2.9", model="us.anthropic.claude-opus-4-5-v1:0")["code"] == "MODEL_NOT_ALLOWED"
    )


def test_requests_are_counted_by_window(world: World, gateway: Gateway, client: TestClient) -> None:
    limit(gateway, requests={Window.MINUTE: 2, Window.DAY: 3})
    found = ask(client, gateway)
    assert [(one["name"], one["remaining"]) for one in found["limits"]] == [("requests.minute", 1), ("requests.day", 2)]
    assert ask(client, gateway)["valid"]
    refused = ask(client, gateway)
    assert (refused["code"], refused["exceeded"]) == ("RATE_LIMITED", "requests.minute")
    assert 1 <= refused["retry_after_seconds"] <= 60
    assert refused["limits"][0]["reset_at"] is not None
    world.clock.move(minutes=1)
    assert ask(client, gateway)["valid"]
    assert ask(client, gateway)["exceeded"] == "requests.day"
    world.clock.move(days=1)
    assert ask(client, gateway)["valid"]


def test_refusals_count_nothing(world: World, gateway: Gateway, client: TestClient) -> None:
    limit(gateway, requests={Window.DAY: 1}, models_deny=("*opus*",))
    assert ask(client, gateway, model="claude-opus-4-5")["code"] == "MODEL_NOT_ALLOWED"
    assert ask(client, gateway, estimated_credits="1000")["code"] == "INSUFFICIENT_CREDITS"
    assert ask(client, gateway)["code"] == "VALID"
    assert ask(client, gateway, estimated_credits="1000")["code"] == "RATE_LIMITED"


def test_tokens_and_credits_come_from_what_settled(world: World, gateway: Gateway, client: TestClient) -> None:
    limit(gateway, tokens={Window.MINUTE: 1_100, Window.DAY: 3_000}, credits={Window.MONTH: 4 * COST})
    assert ask(client, gateway)["valid"]
    gateway.charge(gateway.event())
    world.clock.move(seconds=2)
    found = ask(client, gateway)
    assert (found["code"], found["exceeded"]) == ("RATE_LIMITED", "tokens.minute")
    left = {one["name"]: one["remaining"] for one in found["limits"]}
    assert left == {"tokens.minute": 0, "tokens.day": 1_900, "credits.month": "0.0135"}
    world.clock.move(minutes=1)
    assert ask(client, gateway)["valid"]
    assert ask(client, gateway, estimated_credits="0.0136")["code"] == "BUDGET_EXCEEDED"
    gateway.charge(gateway.event(), gateway.event(), gateway.event())
    world.clock.move(days=1)
    assert ask(client, gateway)["exceeded"] == "credits.month"
    assert_books_clean(world.runtime.database, world.clock)


def test_sums_are_exact_inside_a_slot(world: World, gateway: Gateway, client: TestClient) -> None:
    """A window that ends in the middle of nothing: what was used before its start does not count."""
    limit(gateway, tokens={Window.HOUR: 1_100})
    now = world.clock.now_ms()
    world.clock.now = now - now % (60 * MINUTE) + 500
    gateway.charge(gateway.event())  # a second ago: still in the hour before
    assert ask(client, gateway)["limits"][0]["remaining"] == 1_100
    world.clock.move(seconds=2)
    gateway.charge(gateway.event())
    assert ask(client, gateway)["code"] == "RATE_LIMITED"


def test_calls_at_once(world: World, gateway: Gateway, client: TestClient) -> None:
    limit(gateway, concurrency=2)
    first, second = ask(client, gateway), ask(client, gateway, lease_seconds=5)
    assert first["lease"]["id"].startswith("lea_")
    refused = ask(client, gateway)
    assert (refused["code"], refused["exceeded"], refused["retry_after_seconds"]) == ("RATE_LIMITED", "concurrency", 1)
    assert refused["limits"] == [{"name": "concurrency", "limit": 2, "remaining": 0, "reset_at": None}]
    for _ in range(2):
        assert client.delete(f"/v1/leases/{first['lease']['id']}").status_code == 204
    third = ask(client, gateway)
    assert third["valid"]
    world.clock.move(seconds=5)  # the second has run out
    assert ask(client, gateway)["valid"]
    assert not ask(client, gateway)["valid"]
    gateway.charge(gateway.event(lease_id=third["lease"]["id"]))
    assert ask(client, gateway)["valid"]
    assert second["lease"]["id"] != third["lease"]["id"]


def test_an_event_with_a_lease_that_is_none_is_charged(gateway: Gateway) -> None:
    gateway.charge(gateway.event(lease_id="lea_nonsense"), gateway.event(lease_id="lea_" + "0" * 26))
    assert gateway.balance() == 100 * NANO - 2 * COST


def test_the_package_limits_its_keys(world: World, gateway: Gateway, client: TestClient) -> None:
    limits = KeyLimits(requests={Window.DAY: 5}, models_allow=("claude-haiku-*",), concurrency=3)
    offer = publish(world, key_limits=limits, overdraft=OverdraftTerms(7 * NANO))
    view = assign(world, gateway.person.workspace, offer)
    limit(gateway, requests={Window.DAY: 2})
    found = ask(client, gateway, model="claude-haiku-4-5")
    assert [(one["name"], one["limit"]) for one in found["limits"]] == [("requests.day", 2), ("concurrency", 3)]
    assert (found["balance"], found["available"]) == ("200", "207")
    assert found["resets_at"].startswith("2026-12-23")
    assert view.standing.period_end_at
    assert ask(client, gateway, model="claude-opus-4-5")["code"] == "MODEL_NOT_ALLOWED"


def test_a_grant_that_is_over_cannot_be_spent_before_the_sweep(world: World, client: TestClient) -> None:
    poor = Gateway.of(world, credits=None, name="Bea")
    world.grant(poor.person.workspace, "5", expires_at=world.clock.now_ms() + DAY)
    assert ask(client, poor)["available"] == "5"
    world.clock.move(days=1)
    assert (ask(client, poor)["code"], ask(client, poor)["available"]) == ("INSUFFICIENT_CREDITS", "0")


def test_a_life_that_begins_with_the_first_use(world: World, gateway: Gateway, client: TestClient) -> None:
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE api_keys SET life_ms = {60 * SECOND}")
    world.clock.move(days=3)
    assert ask(client, gateway)["valid"]
    ends = world.clock.now_ms() + 60 * SECOND
    [row] = world.rows("api_keys")
    assert (row["first_used_at"], row["expires_at"]) == (world.clock.now_ms(), ends)
    world.clock.move(seconds=59)
    assert ask(client, gateway)["valid"]
    world.clock.move(seconds=1)
    assert ask(client, gateway)["code"] == "EXPIRED"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 400, "body.malformed"),
        (b'{"api_key": "\\ud800"}', 400, "body.malformed"),
        (b'{"api_key": NaN}', 400, "body.malformed"),
        (b"\xff", 400, "body.malformed"),
        (b"[]", 422, "input.invalid"),
        (b"{}", 422, "input.invalid"),
        (b'{"api_key": 7}', 422, "input.invalid"),
        (b'{"api_key": "x", "estimated_credits": 0.05}', 422, "input.invalid"),
        (b'{"api_key": "x", "estimated_credits": "-1"}', 422, "input.invalid"),
        (b'{"api_key": "x", "estimated_credits": "many"}', 422, "input.invalid"),
        (b'{"api_key": "x", "lease_seconds": 0}', 422, "input.invalid"),
        (b'{"api_key": "' + b"x" * 201 + b'"}', 422, "input.invalid"),
        (b'{"api_key": "x", "model": ' + b"[" * 2_000 + b"]" * 2_000 + b"}", 422, "input.invalid"),
        (b" " * (2 << 20), 413, "body.too_large"),
    ],
)
def test_bad_bodies(client: TestClient, content: bytes, status: int, code: str) -> None:
    answer = client.post("/v1/keys/verify", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_another_content_type(client: TestClient) -> None:
    answer = client.post("/v1/keys/verify", content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


@pytest.mark.parametrize("token", ["", "Bearer nonsense", "Basic x", "Bearer ccg_" + "0" * 42])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/keys/verify"), ("POST", "/v1/holds"),
                                              ("DELETE", "/v1/leases/lea_" + "0" * 26)])  # fmt: skip
def test_only_gateways_may_ask(client: TestClient, token: str, method: str, path: str) -> None:
    body = {"api_key": "x", "credits": "1", "ttl_seconds": 5} if method == "POST" else None
    assert client.request(method, path, json=body, headers={"Authorization": token}).status_code == 401


def test_scopes(world: World, client: TestClient) -> None:
    poster = {"Authorization": f"Bearer {world.gateway('poster', scopes=['usage:write']).token}"}
    assert client.post("/v1/keys/verify", json={"api_key": "x"}, headers=poster).status_code == 403
    body = {"api_key": "x", "credits": "1", "ttl_seconds": 5}
    assert client.post("/v1/holds", json=body, headers=poster).status_code == 403
