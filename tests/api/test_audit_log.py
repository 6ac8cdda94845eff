"""The audit log over HTTP: filters, one entry, export."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from ccmanage.audit.tasks import SealAudit
from ccmanage.core.ids import USER, encode_id
from support.world import Person, World
from workers.registry import perform


@pytest.fixture
def boss(world: World) -> Person:
    return world.person("Boss", admin=True)


@pytest.fixture
def client(world: World, boss: Person) -> TestClient:
    client = world.client(boss, address="198.51.100.7")
    client.headers["X-Request-ID"] = "request-0001"
    return client


def items(client: TestClient, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get("/v1/admin/audit-log", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_an_entry_tells_who_what_where_and_when(world: World, boss: Person, client: TestClient) -> None:
    team = client.post("/v1/admin/workspaces", json={"name": "Team", "owner_id": id_of(boss)}).json()
    reason = {"reason": "unpaid"}
    assert client.post(f"/v1/admin/workspaces/{team['id']}/suspend", json=reason).status_code == 200
    [entry] = items(client, action="workspaces.suspend")
    assert (entry["actor"]["name"], entry["acting_as"]) == ("Boss", None)
    assert (entry["subject"], entry["workspace"]["name"]) == ({"kind": "workspace", "id": team["id"]}, "Team")
    assert (entry["reason"], entry["address"], entry["request_id"]) == ("unpaid", "198.51.100.7", "request-0001")
    assert (entry["erased"], entry["intact"], entry["seal"]) == (False, True, None)
    perform(world.runtime, SealAudit())
    assert client.get(f"/v1/admin/audit-log/{entry['id']}").json() == {**entry, "seal": 1}


def id_of(person: Person) -> str:
    return encode_id(USER, person.account.public_id)


def test_every_filter_narrows(world: World, boss: Person, client: TestClient) -> None:
    ann = world.person("Ann")
    key = world.client(ann).post("/v1/keys", json={"name": "laptop"}).json()["id"]
    world.clock.move(hours=1)
    gateway = client.post("/v1/admin/gateways", json={"name": "proxy"}).json()["id"]
    assert [entry["subject"]["id"] for entry in items(client, subject_id=key)] == [key]
    assert {entry["action"] for entry in items(client, actor_id=id_of(ann))} == {"keys.issue"}
    assert [entry["subject"]["id"] for entry in items(client, workspace_id=ann.workspace_id)] == [key]
    assert [entry["subject"]["id"] for entry in items(client, request_id="request-0001")] == [gateway]
    assert {entry["action"] for entry in items(client, action="keys.")} == {"keys.issue"}
    assert items(client, action="keys.iss") == []
    noon = "2026-11-23T07:30:00Z"
    assert {entry["action"] for entry in items(client, **{"from": noon})} == {"gateways.create"}
    assert "gateways.create" not in {entry["action"] for entry in items(client, to=noon)}


def test_nonsense_is_named(client: TestClient) -> None:
    assert client.get("/v1/admin/audit-log", params={"actor_id": "usr_" + "0" * 26}).status_code == 404
    assert client.get("/v1/admin/audit-log", params={"from": "yesterday"}).status_code == 422
    assert client.get("/v1/admin/audit-log/aud_" + "0" * 26).status_code == 404


def test_a_changed_detail_is_not_intact_and_an_erased_one_says_so(world: World, client: TestClient) -> None:
    client.post("/v1/admin/gateways", json={"name": "proxy"})
    entry = world.rows("audit_log", "action = 'gateways.create'")[0]
    forged = world.runtime.ring.encrypt('{"after": {"name": "other"}}', f"audit_details:{entry['public_id'].hex()}")
    where = f"WHERE entry_id = {entry['id']}"
    with world.scope() as scope:
        scope.session.execute(text(f"UPDATE audit_details SET sealed = x'{forged.hex()}' {where}"))
    [shown] = items(client, action="gateways.create")
    assert (shown["intact"], shown["after"]) == (False, {"name": "other"})
    with world.scope() as scope:
        scope.session.execute(text(f"DELETE FROM audit_details {where}"))
    [shown] = items(client, action="gateways.create")
    assert (shown["erased"], shown["intact"], shown["after"], shown["address"]) == (True, True, None, "")


class TestExport:
    def test_csv_opens_in_a_spreadsheet_and_runs_nothing(self, world: World, client: TestClient) -> None:
        client.post("/v1/admin/gateways", json={"name": "=HYPERLINK()"})
        ann = world.person("Ann")
        with world.scope() as scope:
            scope.workspaces.rename(ann.workspace.id, "=1+1")
        world.client(ann).post("/v1/keys", json={"name": "laptop"})
        answer = client.get("/v1/admin/audit-log/export", params={"format": "csv"})
        assert answer.headers["content-disposition"] == 'attachment; filename="audit-log.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["workspace_name"] for row in rows if row["action"] == "keys.issue"] == ["'=1+1"]
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())

    def test_ndjson_holds_the_same_whatever_the_number_of_pages(
        self, world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.audit.router._EXPORT_ROWS", 3)
        for number in range(10):
            world.gateway(f"g{number}")
        answer = client.get("/v1/admin/audit-log/export", params={"format": "ndjson", "action": "gateways.create"})
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert [line["after"]["name"] for line in lines] == [f"g{number}" for number in reversed(range(10))]
        assert items(client, action="audit.export")[0]["after"] == {"action": "gateways.create"}
