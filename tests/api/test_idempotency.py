"""A repeated request is answered, not done again."""

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.core.idempotency import trim_records
from support.world import Person, World


@pytest.fixture
def boss(world: World) -> Person:
    return world.person("Boss", admin=True)


@pytest.fixture
def client(world: World, boss: Person) -> TestClient:
    return world.client(boss)


def grant(client: TestClient, boss: Person, key: str, *, amount: str = "5", **headers: str) -> Any:
    return client.post(
        f"/v1/admin/workspaces/{boss.workspace_id}/grants",
        json={"credits": amount, "reason": "test"},
        headers={"Idempotency-Key": key, **headers},
    )


def test_the_second_answer_is_the_first(world: World, client: TestClient, boss: Person) -> None:
    first, second = grant(client, boss, "k-1"), grant(client, boss, "k-1")
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["content-type"] == "application/json"
    assert world.count("grants") == 1
    assert world.count("audit_log", "action = 'credits.grant'") == 1


def test_other_keys_are_other_deeds(world: World, client: TestClient, boss: Person) -> None:
    for key in ("k-1", "K-1", "k-2"):
        assert grant(client, boss, key).status_code == 201
    assert world.count("grants") == 3


def test_the_same_key_with_another_body_is_refused(world: World, client: TestClient, boss: Person) -> None:
    grant(client, boss, "k-1")
    answer = grant(client, boss, "k-1", amount="6")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.key_reused")
    answer = grant(client, boss, "k-1", **{"X-Workspace": boss.workspace_id})
    assert answer.status_code == 422
    assert world.count("grants") == 1


def test_keys_belong_to_a_caller_and_a_route(world: World, client: TestClient, boss: Person) -> None:
    other = world.person("Other", admin=True)
    grant(client, boss, "k-1")
    assert grant(world.client(other), boss, "k-1").status_code == 201
    answer = client.post(
        "/v1/admin/workspaces", json={"name": "T", "owner_id": boss.id}, headers={"Idempotency-Key": "k-1"}
    )
    assert answer.status_code == 201
    assert world.count("grants") == 2


@pytest.mark.parametrize("address", ["/v1/keys", "/v1/admin/gateways"])
def test_secrets_are_never_stored(world: World, client: TestClient, address: str) -> None:
    first = client.post(address, json={"name": "n"}, headers={"Idempotency-Key": "k-1"})
    secret = first.json().get("secret") or first.json()["token"]
    second = client.post(address, json={"name": "n"}, headers={"Idempotency-Key": "k-1"})
    assert (second.status_code, second.json()["code"]) == (409, "idempotency.secret_already_shown")
    assert secret not in second.text
    assert secret[4:].encode() not in repr(world.rows("idempotency_records")).encode()
    assert world.rows("idempotency_records")[0]["body"] is None


def test_a_refused_request_leaves_no_record(world: World, client: TestClient, boss: Person) -> None:
    assert grant(client, boss, "k-1", amount="0").status_code == 422
    assert world.count("idempotency_records") == 0
    assert grant(client, boss, "k-1").status_code == 201


def test_deed_and_record_share_a_fate(
    world: World, client: TestClient, boss: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("the record cannot be written")

    monkeypatch.setattr("api.idempotency.keep", fail)
    assert grant(client, boss, "k-1").status_code == 500
    assert world.count("grants") == world.count("idempotency_records") == 0


def test_an_answer_without_a_body_is_replayed_too(world: World, boss: Person) -> None:
    client = world.client(boss)
    header = {"Idempotency-Key": "bye"}
    assert client.post("/v1/auth/logout", headers=header).status_code == 204
    assert client.post("/v1/auth/logout", headers=header).status_code == 401


def test_a_day_later_the_key_may_be_used_anew(world: World, boss: Person) -> None:
    grant(world.client(boss), boss, "k-1")
    world.clock.move(days=1)
    answer = grant(world.client(boss), boss, "k-1")
    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers
    assert world.count("grants") == 2


def test_old_records_are_trimmed(world: World, boss: Person) -> None:
    grant(world.client(boss), boss, "k-1")
    world.clock.move(days=1)
    grant(world.client(boss), boss, "k-2")
    with world.scope() as scope:
        assert not trim_records(scope.session, world.clock.now)
    assert world.count("idempotency_records") == 1


@pytest.mark.parametrize("key", ["", " ", "two words", "ä", "x" * 256, "tab\there"])
def test_bad_keys_are_refused(sqlite_world: World, key: str) -> None:
    boss = sqlite_world.person("Boss", admin=True)
    answer = grant(sqlite_world.client(boss), boss, key.encode("latin-1"))  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency.key_invalid")


def test_twins_at_once_do_one_deed(world: World, boss: Person) -> None:
    clients = [world.client(boss) for _ in range(6)]
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda c=c: answers.append(grant(c, boss, "k-1"))) for c in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert world.count("grants") == 1
