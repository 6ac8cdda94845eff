"""Be forgotten: a week to change one's mind, then nothing is left but numbers, and the books still prove."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from ccmanage.audit.tasks import SealAudit
from ccmanage.core.ids import USER, encode_id
from ccmanage.privacy.erasure import LOG_FILE, read_log
from ccmanage.privacy.tasks import BuildExports, EraseDue
from ccmanage.subscriptions.states import State
from ccmanage.workspaces.models import MemberRole
from support.books import assert_books_clean
from support.gateway import Gateway
from support.plans import assign, publish
from support.traces import traces
from support.world import PASSWORD, Person, World
from workers.registry import perform

# What is Ann's alone, wherever it may have been copied to.
CANARIES = ("zanzibar", "quetzal", "198.51.100.77", "marmalade-browser", "okapi", "narwhal")


def ask(world: World, person: Person) -> TestClient:
    client = world.browser(person)
    client.headers["User-Agent"] = "marmalade-browser"
    answer = client.post("/v1/auth/step-up", json={"password": PASSWORD})
    assert answer.status_code < 300 or answer.status_code == 404, answer.text
    answer = client.post("/v1/me/privacy/deletion")
    assert answer.status_code == 201, answer.text
    return client


def erase(world: World) -> None:
    world.clock.move(days=7)
    perform(world.runtime, EraseDue())


@pytest.fixture(autouse=True)
def log_file(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's erasures are logged."""
    monkeypatch.setattr(world.runtime.eraser, "_data_dir", tmp_path)
    return tmp_path / LOG_FILE


@pytest.fixture
def ann(world: World) -> Gateway:
    """Ann, who left traces wherever one can."""
    gateway = Gateway.of(world, name="Zanzibar Quetzal")
    browser = world.browser(gateway.person)
    headers = {"User-Agent": "marmalade-browser"}
    visitor = world.client(address="198.51.100.77")
    login = {"email": gateway.person.email, "password": PASSWORD}
    assert visitor.post("/v1/auth/login", json=login, headers=headers).status_code == 200
    made = browser.post("/v1/keys", json={"name": "okapi"}, headers={"Idempotency-Key": "okapi-key-0001"})
    assert made.status_code == 201
    browser.put("/v1/me/privacy/consents/product_news", json={"given": True})
    browser.post("/v1/me/privacy/export")
    perform(world.runtime, BuildExports())
    gateway.charge(gateway.event(project="narwhal", session_id="narwhal-1"), gateway.event())
    return gateway


def test_a_week_later_nothing_is_left_but_numbers(world: World, ann: Gateway) -> None:
    client = ask(world, ann.person)
    assert client.get("/v1/me/privacy").json()["deletion"]["due_at"].startswith("2026-11-30")
    ledger, rollups = world.rows("ledger"), world.rows("rollups")
    perform(world.runtime, EraseDue())
    assert world.rows("erasures")[0]["state"] == 0
    erase(world)
    assert world.rows("erasures")[0]["state"] == 2
    assert traces(world, CANARIES) == []
    assert world.rows("ledger") == ledger
    assert world.rows("rollups") == rollups
    assert world.count("events") == 2
    assert world.count("sessions") == world.count("consents") == world.count("data_exports") == 0
    assert world.count("api_keys", "state = 0") == 0
    assert (
        world.count(
            "audit_details d", f"entry_id IN (SELECT id FROM audit_log WHERE actor_user_id = {ann.person.account.id})"
        )
        <= 1
    )
    perform(world.runtime, SealAudit())
    assert_books_clean(world.runtime.database, world.clock)


def test_nobody_gets_in_any_more_and_the_name_is_a_pseudonym(world: World, ann: Gateway) -> None:
    boss = world.person("Boss", admin=True)
    ask(world, ann.person)
    erase(world)
    login = {"email": ann.person.email, "password": PASSWORD}
    assert world.client().post("/v1/auth/login", json=login).json()["code"] == "accounts.sign_in_refused"
    person = encode_id(USER, ann.person.account.public_id)
    admin = world.client(boss)
    shown = admin.get(f"/v1/admin/users/{person}").json()
    assert (shown["state"], shown["email"]) == ("erased", "")
    assert shown["name"].startswith("Deleted user ")
    log = admin.get("/v1/admin/audit-log", params={"actor_id": person}).json()["items"]
    assert log
    assert {entry["actor"]["name"] for entry in log} == {shown["name"]}
    assert admin.post(f"/v1/admin/users/{person}/reactivate").status_code == 404
    # The address is free again.
    new = {"email": ann.person.email, "name": "Other", "password": "long enough to pass"}
    assert admin.post("/v1/admin/users", json=new).status_code == 201


def test_usage_that_was_in_flight_is_charged_and_leaves_no_label(world: World, ann: Gateway) -> None:
    ask(world, ann.person)
    ann.post(ann.event(project="narwhal", session_id="narwhal-late"), ann.event(project="other-narwhal"))
    before = world.count("ledger")
    erase(world)
    ann.settle()
    assert world.count("events") == 4
    assert world.count("ledger") == before + 1
    # Not one that is there for a while, until somebody sweeps: none is written.
    assert traces(world, CANARIES) == []
    perform(world.runtime, EraseDue())
    assert_books_clean(world.runtime.database, world.clock)


def test_a_settler_that_knows_the_key_still_writes_labels_that_are_swept(world: World, ann: Gateway) -> None:
    ask(world, ann.person)
    world.clock.move(days=7)
    ann.charge(ann.event())
    perform(world.runtime, EraseDue())
    # At the same instant: what was read of keys is not read again yet.
    ann.charge(ann.event(project="other-narwhal", session_id="narwhal-late"))
    assert traces(world, CANARIES) != []
    world.clock.move(minutes=10)
    perform(world.runtime, EraseDue())
    assert traces(world, CANARIES) == []
    assert_books_clean(world.runtime.database, world.clock)


def test_the_subscription_of_ones_own_workspace_ends(world: World, ann: Gateway) -> None:
    assign(world, ann.person.workspace, publish(world))
    other = world.person("Bob")
    team = world.shared(other)
    world.join(team, ann.person, MemberRole.MEMBER)
    assign(world, team, publish(world, name="Other"))
    ask(world, ann.person)
    erase(world)
    with world.read() as scope:
        views = [scope.subscription_views.find(number) for number in (ann.person.workspace.id, team.id)]
    assert [view.standing.state for view in views if view] == [State.CANCELLED, State.ACTIVE]
    renewals = world.count("renewals")
    world.clock.move(days=40)
    world.runtime.renewer.run()
    assert world.count("renewals") == renewals + 1
    assert_books_clean(world.runtime.database, world.clock)


def test_one_may_change_ones_mind_until_then(world: World, ann: Gateway) -> None:
    client = ask(world, ann.person)
    assert client.post("/v1/me/privacy/deletion").json()["code"] == "privacy.erasure_under_way"
    assert client.delete("/v1/me/privacy/deletion").status_code == 204
    assert client.delete("/v1/me/privacy/deletion").json()["code"] == "privacy.no_erasure"
    assert client.get("/v1/me/privacy").json()["deletion"] is None
    erase(world)
    assert world.browser(ann.person).get("/v1/me").status_code == 200
    ask(world, ann.person)


def test_mails_that_wait_are_cancelled(world: World, ann: Gateway) -> None:
    ask(world, ann.person)
    assert world.count("emails", "state = 0") >= 1
    erase(world)
    assert world.count("emails", "state IN (0, 1)") == 0
    assert {bytes(row["address_sealed"]) for row in world.rows("emails")} == {b""}


class TestOwners:
    def test_the_only_owner_of_a_shared_workspace_is_refused(self, world: World, ann: Gateway) -> None:
        team = world.shared(ann.person, "Team")
        client = world.browser(ann.person)
        answer = client.post("/v1/me/privacy/deletion")
        assert (answer.status_code, answer.json()["code"]) == (409, "privacy.sole_owner")
        assert client.get("/v1/me/privacy").json()["sole_owner_of"] == ["Team"]
        world.join(team, world.person("Bob"), MemberRole.OWNER)
        assert client.post("/v1/me/privacy/deletion").status_code == 201
        erase(world)
        assert [row["user_id"] for row in world.rows("members", f"workspace_id = {team.id}")] != []
        assert world.count("members", f"workspace_id = {team.id} AND user_id = {ann.person.account.id}") == 0

    def test_who_became_the_only_owner_since_is_put_off(self, world: World, ann: Gateway) -> None:
        ask(world, ann.person)
        world.shared(ann.person, "Team")
        erase(world)
        [row] = world.rows("erasures")
        assert (row["state"], row["error"]) == (0, "privacy.sole_owner")
        with world.scope() as scope:
            scope.session.execute(text("UPDATE workspaces SET state = 2 WHERE kind = 1"))
        world.clock.move(days=1)
        perform(world.runtime, EraseDue())
        assert world.rows("erasures")[0]["state"] == 2

    def test_the_last_administrator_is_refused(self, world: World) -> None:
        boss = world.person("Boss", admin=True)
        answer = world.browser(boss).post("/v1/me/privacy/deletion")
        assert answer.json()["code"] == "privacy.sole_administrator"


def test_whoever_dies_in_the_middle_is_followed_by_another(
    world: World, ann: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(world, ann.person)
    with monkeypatch.context() as patch:
        patch.setattr("ccmanage.privacy.erasure.ErasureService.erase_log", _fail)
        erase(world)
    [row] = world.rows("erasures")
    assert (row["state"], row["error"]) == (1, "ValueError")
    assert (
        world.client().post("/v1/auth/login", json={"email": ann.person.email, "password": PASSWORD}).status_code >= 400
    )
    world.clock.move(minutes=30)
    perform(world.runtime, EraseDue())
    assert world.rows("erasures")[0]["state"] == 2
    assert traces(world, CANARIES) == []


def _fail(*_args: object) -> None:
    raise ValueError


def test_a_restored_backup_does_not_bring_anybody_back(
    world: World, ann: Gateway, log_file: Path, tmp_path: Path
) -> None:
    if not world.is_sqlite:
        pytest.skip("copies the database's file")
    path = Path(world.settings.database_url.removeprefix("sqlite:///"))
    with world.runtime.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(path, tmp_path / "backup.db")
    ask(world, ann.person)
    erase(world)
    log = read_log(log_file)
    assert [line["user"] for line in log] == [encode_id(USER, ann.person.account.public_id)]
    world.close()
    restored = World(f"sqlite:///{tmp_path / 'backup.db'}", data_dir=tmp_path / "restored")
    restored.clock.now = world.clock.now
    assert restored.browser(ann.person).get("/v1/me").status_code == 200
    assert restored.runtime.eraser.replay(log) == 1
    assert traces(restored, CANARIES) == []
    assert restored.runtime.eraser.replay(log) == 0
    assert_books_clean(restored.runtime.database, restored.clock)
    restored.close()
