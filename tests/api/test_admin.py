"""Workspaces, gateways, credits, quarantine, books and the audit log for administrators, over HTTP."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.core.ids import KEY, WORKSPACE, encode_id
from ccmanage.core.money import format_credits
from support.gateway import COST, Gateway
from support.world import Person, World


@pytest.fixture
def boss(world: World) -> Person:
    return world.person("Boss", admin=True)


@pytest.fixture
def client(world: World, boss: Person) -> TestClient:
    return world.client(boss)


class TestWorkspaces:
    def test_one_is_opened_for_an_owner(self, world: World, client: TestClient) -> None:
        ann = world.person("Ann")
        answer = client.post("/v1/admin/workspaces", json={"name": "Team", "owner_id": ann.id})
        assert answer.status_code == 201
        body = answer.json()
        assert (body["name"], body["kind"], body["owner"]) == ("Team", "shared", {"id": ann.id, "name": "Ann"})
        assert (body["balance"], body["debt"], body["spend_30d"], body["members"], body["keys"]) == (
            "0",
            "0",
            "0",
            1,
            0,
        )
        assert client.get(f"/v1/admin/workspaces/{body['id']}").json() == body

    def test_an_owner_must_exist(self, client: TestClient) -> None:
        for owner in ("usr_" + "0" * 26, "nonsense", ""):
            assert client.post("/v1/admin/workspaces", json={"name": "T", "owner_id": owner}).status_code == 404

    def test_figures_are_right(self, world: World, client: TestClient) -> None:
        gateway = Gateway.of(world, credits="10")
        gateway.charge(gateway.event(), gateway.event())
        world.key(gateway.person)
        found = client.get(f"/v1/admin/workspaces/{gateway.person.workspace_id}").json()
        assert found["balance"] == format_credits(10 * 10**9 - 2 * COST)
        assert (found["spend_30d"], found["keys"]) == (format_credits(2 * COST), 2)

    def test_they_are_searched_and_paged(self, world: World, client: TestClient) -> None:
        ann = world.person("Ann")
        for number in range(3):
            world.shared(ann, f"Team {number}")
        found = client.get("/v1/admin/workspaces", params={"search": "team", "limit": 2}).json()
        assert [line["name"] for line in found["items"]] == ["Team 2", "Team 1"]
        rest = client.get("/v1/admin/workspaces", params={"search": "team", "cursor": found["next_cursor"]}).json()
        assert [line["name"] for line in rest["items"]] == ["Team 0"]
        assert client.get("/v1/admin/workspaces", params={"search": "x" * 101}).status_code == 422

    def test_suspending_and_reactivating(self, world: World, client: TestClient) -> None:
        team = world.shared(world.person("Ann"))
        address = f"/v1/admin/workspaces/{encode_id(WORKSPACE, team.public_id)}"
        assert client.post(f"{address}/suspend", json={"reason": "unpaid"}).json()["state"] == "suspended"
        assert client.get(address).json()["state"] == "suspended"
        assert client.post(f"{address}/reactivate").json()["state"] == "active"
        assert client.post(f"{address}/suspend", json={"reason": ""}).status_code == 422


class TestGateways:
    def test_the_token_is_in_the_first_answer_only(self, world: World, client: TestClient) -> None:
        answer = client.post("/v1/admin/gateways", json={"name": "proxy"})
        assert answer.status_code == 201
        body = answer.json()
        token = body.pop("token")
        assert token.startswith("ccg_")
        assert body["scopes"] == ["usage:write", "keys:verify", "holds:write"]
        assert client.get("/v1/admin/gateways").json()["items"] == [body]
        assert token not in client.get("/v1/admin/gateways").text
        with world.read() as scope:
            assert scope.gateways.authenticate(token)

    def test_what_was_heard_is_shown(self, world: World, client: TestClient) -> None:
        gateway = Gateway.of(world)
        gateway.charge(gateway.event(), gateway.event(usage={"input_tokens": -1}))
        found = client.get("/v1/admin/gateways").json()["items"][0]
        assert (found["received"], found["rejected"]) == (2, 1)
        assert found["last_post_at"] == "2026-11-23T07:00:00.000Z"
        assert found["last_event_at"] == "2026-11-23T06:59:59.000Z"
        assert found["clock_skew_ms"] == 0

    def test_rotate_and_revoke(self, client: TestClient) -> None:
        made = client.post("/v1/admin/gateways", json={"name": "proxy", "scopes": ["usage:write"]}).json()
        address = f"/v1/admin/gateways/{made['id']}"
        rotated = client.post(f"{address}/rotate", json={"overlap_seconds": 60}).json()
        assert rotated["token"] != made["token"]
        assert rotated["rotating_until"] == "2026-11-23T07:01:00.000Z"
        assert client.post(f"{address}/revoke").json()["state"] == "revoked"
        assert client.get(address).json()["state"] == "revoked"
        answer = client.post(f"{address}/rotate", json={})
        assert (answer.status_code, answer.json()["code"]) == (409, "gateways.revoked")

    @pytest.mark.parametrize("scopes", [[], ["everything"], "usage:write", [1], ["usage:write"] * 4])
    def test_bad_scopes_are_refused(self, sqlite_world: World, scopes: Any) -> None:
        client = sqlite_world.client(sqlite_world.person("Boss", admin=True))
        assert client.post("/v1/admin/gateways", json={"name": "proxy", "scopes": scopes}).status_code == 422


class TestCredits:
    @pytest.fixture
    def ann(self, world: World) -> Person:
        return world.person("Ann")

    def test_a_grant_raises_the_balance_and_can_be_voided(self, world: World, client: TestClient, ann: Person) -> None:
        address = f"/v1/admin/workspaces/{ann.workspace_id}/grants"
        body = {"credits": "12.5", "origin": "top_up", "expires_at": "2026-12-24T00:00:00Z", "reason": "welcome"}
        answer = client.post(address, json=body)
        assert answer.status_code == 201
        grant = answer.json()
        assert (grant["amount"], grant["remaining"], grant["state"], grant["priority"]) == (
            "12.5",
            "12.5",
            "active",
            50,
        )
        hers = world.client(ann)
        balance = hers.get("/v1/credits/balance").json()
        assert (balance["balance"], balance["held"], balance["available"], balance["debt"]) == (
            "12.5",
            "0",
            "12.5",
            "0",
        )
        assert balance["grants"] == [grant]
        entry = hers.get("/v1/credits/ledger").json()["items"][0]
        assert (entry["kind"], entry["amount"], entry["grant_id"]) == ("grant", "12.5", grant["id"])
        assert entry["reference"] == {"kind": "grant", "id": grant["id"]}
        voided = client.post(f"{address}/{grant['id']}/void", json={"reason": "a mistake"})
        assert (voided.status_code, voided.json()["state"], voided.json()["remaining"]) == (200, "voided", "0")
        assert client.post(f"{address}/{grant['id']}/void", json={"reason": "again"}).status_code == 409
        assert hers.get("/v1/credits/balance").json()["balance"] == "0"
        ledger = client.get(f"/v1/admin/workspaces/{ann.workspace_id}/ledger", params={"kind": "void"}).json()
        assert [line["amount"] for line in ledger["items"]] == ["-12.5"]
        assert client.get(address).json()["items"][0]["state"] == "voided"

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"credits": 12.5}, "/credits"),
            ({"credits": "0"}, "/credits"),
            ({"credits": "-1"}, "/credits"),
            ({"credits": "1e3"}, "/credits"),
            ({"credits": "NaN"}, "/credits"),
            ({"credits": "0.0000000001"}, "/credits"),
            ({"credits": "99999999999"}, "/credits"),
            ({"reason": ""}, "/reason"),
            ({"origin": "gift"}, "/origin"),
            ({"priority": -1}, "/priority"),
            ({"priority": 1001}, "/priority"),
            ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
            ({"remaining": "5"}, "/remaining"),
        ],
    )
    def test_bad_grants_name_the_field(self, sqlite_world: World, change: dict[str, Any], pointer: str) -> None:
        client = sqlite_world.client(sqlite_world.person("Boss", admin=True))
        ann = sqlite_world.person("Ann")
        body = {"credits": "1", "reason": "test", **change}
        answer = client.post(f"/v1/admin/workspaces/{ann.workspace_id}/grants", json=body)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
        assert sqlite_world.count("grants") == 0

    def test_a_grant_of_another_workspace_is_not_found(self, client: TestClient, world: World, ann: Person) -> None:
        bob = world.person("Bob")
        address = "/v1/admin/workspaces/{}/grants"
        grant = client.post(address.format(ann.workspace_id), json={"credits": "1", "reason": "test"}).json()
        wrong = f"{address.format(bob.workspace_id)}/{grant['id']}/void"
        assert client.post(wrong, json={"reason": "test"}).status_code == 404

    def test_balances_tell_when_they_run_out(self, world: World) -> None:
        gateway = Gateway.of(world, credits="1")
        gateway.charge(*[gateway.event() for _ in range(70)])
        found = world.client(gateway.person).get("/v1/credits/balance").json()
        assert found["spend_per_day_7d"] == format_credits(70 * COST // 7)
        assert found["run_out_at"].startswith("2026-12-08")


class TestQuarantine:
    def strand(self, world: World) -> Gateway:
        """Post one event of a key that does not exist."""
        gateway = Gateway.of(world)
        gateway.charge(gateway.event(api_key="ccm_" + "0" * 42))
        return gateway

    def test_an_event_is_posted_anew_under_another_key(self, world: World, client: TestClient) -> None:
        gateway = self.strand(world)
        found = client.get("/v1/admin/quarantine").json()["items"]
        assert [item["gateway"]["name"] for item in found] == ["proxy"]
        assert "ccm_" not in str(found)
        item = found[0]
        assert (item["state"], item["count"]) == ("open", 1)
        with world.read() as scope:
            key = encode_id(KEY, scope.keys.named([gateway.key_id])[gateway.key_id].public_id)
        answer = client.post(f"/v1/admin/quarantine/{item['id']}/redrive", json={"key_id": key})
        assert answer.status_code == 200, answer.text
        gateway.settle()
        assert client.get(f"/v1/batches/{answer.json()['batch_id']}").json()["inserted"] == 1
        assert gateway.balance() == 100 * 10**9 - COST
        assert client.get("/v1/admin/quarantine").json()["items"] == []
        resolved = client.get("/v1/admin/quarantine", params={"state": "resolved"}).json()["items"]
        assert [item["state"] for item in resolved] == ["redriven"]
        again = client.post(f"/v1/admin/quarantine/{item['id']}/redrive", json={})
        assert again.status_code == 409

    def test_an_event_is_put_away(self, world: World, client: TestClient) -> None:
        self.strand(world)
        item = client.get("/v1/admin/quarantine").json()["items"][0]
        answer = client.post(f"/v1/admin/quarantine/{item['id']}/dismiss", json={"reason": "a test"})
        assert (answer.status_code, answer.json()["state"]) == (200, "dismissed")

    def test_unknown_keys_and_items_are_not_found(self, world: World, client: TestClient) -> None:
        self.strand(world)
        item = client.get("/v1/admin/quarantine").json()["items"][0]["id"]
        nobody = "key_" + "0" * 26
        assert client.post(f"/v1/admin/quarantine/{item}/redrive", json={"key_id": nobody}).status_code == 404
        assert client.post("/v1/admin/quarantine/qua_" + "0" * 26 + "/redrive", json={}).status_code == 404
        assert client.get("/v1/admin/quarantine", params={"gateway_id": "gw_" + "0" * 26}).status_code == 404
        assert client.get("/v1/admin/quarantine", params={"code": "nothing.such"}).json()["items"] == []


class TestAtAGlance:
    def test_the_overview_counts(self, world: World, client: TestClient) -> None:
        gateway = Gateway.of(world)
        gateway.charge(gateway.event(), gateway.event(model="claude-opus-4-1"))
        gateway.post(gateway.event())
        found = client.get("/v1/admin/overview", params={"tz": "Europe/Berlin"}).json()
        assert (found["users"], found["workspaces"], found["keys"], found["gateways"]) == (2, 2, 1, 1)
        assert (found["pending_batches"], found["oldest_pending_at"]) == (1, "2026-11-23T07:00:00.000Z")
        assert found["spend"]["events"] == 2
        assert [row["group"]["id"] for row in found["by_model"]] == ["claude-opus-4-1", "claude-sonnet-4-5"]
        assert [row["group"]["label"] for row in found["by_day"]] == ["2026-11-23"]
        assert found["top_workspaces"] == [
            {"id": gateway.person.workspace_id, "name": "Personal", "credits": found["spend"]["credits"]}
        ]

    def test_who_spent_most_in_the_range_stands_first(self, world: World, boss: Person) -> None:
        old, new = Gateway.of(world, name="Old"), Gateway.of(world, name="New")
        old.charge(*[old.event() for _ in range(5)])
        world.clock.move(days=40)
        old.charge(old.event())
        new.charge(new.event(), new.event())
        found = world.client(boss).get("/v1/admin/overview").json()["top_workspaces"]
        assert [line["id"] for line in found] == [new.person.workspace_id, old.person.workspace_id]

    def test_books_that_were_never_audited_are_unknown(self, client: TestClient) -> None:
        assert client.get("/v1/admin/books").json() == {
            "state": "unknown",
            "checked_at": None,
            "full_at": None,
            "invariants": [],
            "findings": [],
        }


def test_the_audit_log_is_filtered_by_actor(world: World, client: TestClient, boss: Person) -> None:
    client.post("/v1/admin/gateways", json={"name": "proxy"})
    world.gateway("by the command line")
    log = client.get("/v1/admin/audit-log", params={"action": "gateways.create"}).json()["items"]
    assert [entry["actor"] for entry in log] == [None, {"id": boss.id, "name": "Boss"}]
    mine = client.get("/v1/admin/audit-log", params={"actor_id": boss.id, "action": "gateways.create"}).json()["items"]
    assert [entry["after"]["name"] for entry in mine] == ["proxy"]
    assert client.get("/v1/admin/audit-log", params={"actor_id": "usr_" + "0" * 26}).status_code == 404
    assert all(entry["request_id"] for entry in mine)
