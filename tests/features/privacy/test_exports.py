"""A copy of everything about oneself: asked for, made by a worker, fetched for a day, one at a time."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.core.clock import HOUR
from ccmanage.privacy.tasks import BuildExports
from support.books import assert_books_clean
from support.gateway import Gateway
from support.world import Person, World
from workers.registry import perform


def build(world: World) -> None:
    perform(world.runtime, BuildExports())


def ask(client: TestClient) -> dict[str, Any]:
    answer = client.post("/v1/me/privacy/export")
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fetched(client: TestClient, export: dict[str, Any]) -> zipfile.ZipFile:
    answer = client.get(f"/v1/me/privacy/export/{export['id']}/file")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content))


def part(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(archive.read(f"{name}.json"))
    return rows


@pytest.fixture
def gateway(world: World) -> Gateway:
    gateway = Gateway.of(world)
    gateway.charge(gateway.event(project="=secret()", session_id="my-session"), gateway.event())
    return gateway


@pytest.fixture
def client(world: World, gateway: Gateway) -> TestClient:
    return world.client(gateway.person)


def test_the_archive_holds_everything_about_the_person(world: World, client: TestClient) -> None:
    client.put("/v1/me/privacy/consents/product_news", json={"given": True})
    export = ask(client)
    assert (export["state"], export["done"]) == ("waiting", 0)
    assert BuildExports() in world.queue.sent
    build(world)
    shown = client.get("/v1/me/privacy").json()["export"]
    assert (shown["state"], shown["done"]) == ("ready", shown["total"])
    archive = fetched(client, shown)
    assert archive.testzip() is None
    assert b"usage_events" in archive.read("README.txt")
    [profile] = part(archive, "profile")
    assert (profile["email"], profile["name"]) == ("ann@example.com", "Ann")
    assert not {"password_hash", "email_index", "public_id"} & set(profile)
    assert [row["device"] for row in part(archive, "sessions")] == ["test"]
    assert [row["name"] for row in part(archive, "keys")] == ["laptop"]
    assert [row["role"] for row in part(archive, "memberships")] == ["owner"]
    events = part(archive, "usage_events")
    assert [(row["project"], row["session"]) for row in events] == [("=secret()", "my-session"), ("", "")]
    [day] = part(archive, "usage_by_day")
    assert (day["events"], day["credits"]) == (2, "0.009")
    assert [row["kind"] for row in part(archive, "ledger")] == ["grant", "usage"]
    assert [(row["purpose"], row["given"]) for row in part(archive, "consents")] == [("product_news", 1)]
    assert {"accounts.create_user", "privacy.request_export"} <= {row["action"] for row in part(archive, "audit")}
    assert_books_clean(world.runtime.database, world.clock)


def test_the_tables_open_in_a_spreadsheet_and_run_nothing(world: World, client: TestClient) -> None:
    export = ask(client)
    build(world)
    archive = fetched(client, export)
    rows = list(csv.DictReader(io.StringIO(archive.read("usage_events.csv").decode())))
    assert rows[0]["project"] == "'=secret()"
    assert [name for name in archive.namelist() if name.endswith(".csv")]


def test_nothing_of_others_is_in_it(world: World, client: TestClient) -> None:
    bob = world.person("Bob")
    team = world.shared(bob, "Bobs team")
    world.key(bob, "bobs-key", workspace=team)
    export = ask(client)
    build(world)
    archive = fetched(client, export)
    whole = b"".join(archive.read(name) for name in archive.namelist()).lower()
    assert b"bob" not in whole


def test_the_file_is_encrypted_where_it_lies(world: World, client: TestClient) -> None:
    ask(client)
    build(world)
    for row in world.rows("data_export_chunks"):
        assert b"PK" not in row["sealed"][:40]
        assert b"ann@example.com" not in row["sealed"]


def test_a_large_file_lies_in_pieces(world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmanage.privacy.exports.CHUNK_BYTES", 1_000)
    export = ask(client)
    build(world)
    assert world.count("data_export_chunks") > 3
    assert fetched(client, export).testzip() is None


def test_only_whoever_asked_can_fetch_it_and_for_a_day(world: World, client: TestClient) -> None:
    export = ask(client)
    path = f"/v1/me/privacy/export/{export['id']}/file"
    assert client.get(path).status_code == 404
    build(world)
    assert world.client().get(path).status_code == 401
    assert world.client(world.person("Eve")).get(path).json()["code"] == "privacy.export_not_ready"
    assert client.get(path).status_code == 200
    assert world.count("audit_log", "action = 'privacy.download_export'") == 1
    world.clock.move(hours=25)
    again = world.client(Person(*_who(world)))
    assert again.get(path).json()["code"] == "privacy.export_not_ready"
    build(world)
    assert world.count("data_export_chunks") == 0
    assert again.get("/v1/me/privacy").json()["export"]["state"] == "expired"


def _who(world: World) -> tuple[Any, Any]:
    with world.read() as scope:
        account = scope.accounts.find_by_email("ann@example.com")
        assert account is not None
    with world.scope() as scope:
        return account, scope.workspaces.open_personal(account.id)


def test_one_at_a_time_and_the_next_takes_the_place_of_the_last(world: World, client: TestClient) -> None:
    ask(client)
    refused = client.post("/v1/me/privacy/export")
    assert (refused.status_code, refused.json()["code"]) == (409, "privacy.export_under_way")
    build(world)
    before = world.count("data_export_chunks")
    ask(client)
    build(world)
    assert world.count("data_export_chunks") == before
    assert [row["state"] for row in world.rows("data_exports", "1=1 ORDER BY id")] == [4, 2]


class TestFailures:
    def test_a_maker_that_dies_is_followed_by_another(
        self, world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export = ask(client)

        def die(*_args: object) -> None:
            raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr("ccmanage.privacy.exports.Exporter._store", die)
            with pytest.raises(SystemExit):
                build(world)
        build(world)
        assert world.rows("data_exports")[0]["state"] == 1
        world.clock.move(hours=0.1)
        build(world)
        assert fetched(client, export).testzip() is None

    def test_what_fails_is_tried_again_and_given_up_in_the_end(
        self, world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask(client)

        def fail(*_args: object) -> None:
            raise ValueError

        monkeypatch.setattr("ccmanage.privacy.exports.Exporter._store", fail)
        for _ in range(5):
            build(world)
            world.clock.move(hours=0.2)
        [row] = world.rows("data_exports")
        assert (row["state"], row["tries"], row["error"]) == (3, 5, "ValueError")
        monkeypatch.undo()
        ask(client)

    def test_whoever_was_overtaken_writes_nothing_more(
        self, world: World, client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export = ask(client)
        store = world.runtime.exporter._store

        def late(claimed: Any, file: Any) -> int:
            monkeypatch.undo()
            world.clock.now += HOUR
            world.runtime.exporter.run()
            world.clock.now -= HOUR
            return store(claimed, file)

        monkeypatch.setattr(world.runtime.exporter, "_store", late)
        build(world)
        [row] = world.rows("data_exports")
        assert (row["state"], row["tries"]) == (2, 2)
        assert fetched(client, export).testzip() is None
