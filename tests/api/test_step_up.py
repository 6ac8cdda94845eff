"""Deeds of weight want a recent proof of who is acting."""

import pytest
from starlette.testclient import TestClient

from support.factors import enrol
from support.world import PASSWORD, Person, World


@pytest.fixture
def ann(world: World) -> Person:
    return world.person("Ann")


def rotate(client: TestClient, key: str) -> tuple[int, str]:
    answer = client.post(f"/v1/keys/{key}/rotate", json={"overlap_seconds": 60})
    return answer.status_code, answer.json().get("code", "")


def key_of(client: TestClient) -> str:
    found: str = client.post("/v1/keys", json={"name": "laptop"}).json()["id"]
    return found


def test_a_fresh_sign_in_is_proof_enough_an_old_one_is_not(world: World, ann: Person) -> None:
    client = world.client(ann)
    key = key_of(client)
    assert rotate(client, key) == (200, "")
    world.clock.move(minutes=59, seconds=59)
    assert rotate(client, key) == (200, "")
    world.clock.move(seconds=1)
    assert rotate(client, key) == (403, "auth.step_up_required")
    assert client.get("/v1/keys").status_code == 200


def test_the_password_proves_it_for_this_session_alone(world: World, ann: Person) -> None:
    mine, other = world.client(ann), world.client(ann)
    key = key_of(mine)
    world.clock.move(hours=1)
    answer = mine.post("/v1/auth/step-up", json={"password": PASSWORD})
    assert answer.json() == {"expires_in": 3600}
    assert rotate(mine, key) == (200, "")
    assert rotate(other, key) == (403, "auth.step_up_required")
    assert world.count("audit_log", "action = 'accounts.step_up'") == 1


def test_another_process_sees_the_proof_at_once(world: World, ann: Person) -> None:
    client = world.client(ann)
    key = key_of(client)
    world.clock.move(hours=1)
    assert rotate(client, key) == (403, "auth.step_up_required")  # and this process keeps what it read
    with world.scope() as scope:
        scope.sessions._repository.prove(world.rows("sessions")[0]["id"], world.clock.now)  # as another process would
    assert rotate(client, key) == (200, "")


def test_a_wrong_password_proves_nothing_and_is_slowed_down(world: World, ann: Person) -> None:
    client = world.client(ann)
    world.clock.move(hours=1)
    for _ in range(10):
        answer = client.post("/v1/auth/step-up", json={"password": "wrong"})
        assert (answer.status_code, answer.json()["code"]) == (422, "accounts.wrong_password")
        assert answer.json()["errors"][0]["pointer"] == "/password"
    assert client.post("/v1/auth/step-up", json={"password": PASSWORD}).status_code == 429


def test_a_code_proves_it_once(world: World, ann: Person) -> None:
    client = world.client(ann)
    key = key_of(client)
    phone, _ = enrol(world, client)
    world.clock.move(hours=1)
    code = phone.code()
    assert client.post("/v1/auth/step-up", json={"code": code}).status_code == 200
    assert rotate(client, key) == (200, "")
    answer = client.post("/v1/auth/step-up", json={"code": code})
    assert (answer.status_code, answer.json()["code"]) == (422, "accounts.wrong_code")


@pytest.mark.parametrize("body", [{}, {"code": "123456"}])
def test_without_password_and_factor_there_is_no_proof(world: World, ann: Person, body: dict[str, str]) -> None:
    answer = world.client(ann).post("/v1/auth/step-up", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "auth.proof_missing")


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/v1/auth/totp/enrol", None),
        ("/v1/auth/totp/confirm", {"code": "123456"}),
        ("/v1/auth/totp/recovery-codes", None),
        ("/v1/auth/totp/disable", None),
    ],
)
def test_what_guards_the_account_wants_it(world: World, ann: Person, address: str, body: dict[str, str] | None) -> None:
    client = world.client(ann)
    world.clock.move(hours=1)
    answer = client.post(address, json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.step_up_required")


@pytest.mark.parametrize("address", ["/v1/me/privacy/deletion", "/v1/me/identities/link"])
def test_the_end_of_the_account_and_ways_into_it_want_it(world: World, ann: Person, address: str) -> None:
    client = world.client(ann)
    world.clock.move(hours=1)
    assert client.post(address).json()["code"] == "auth.step_up_required"
    assert world.count("erasures") == 0


def test_grants_and_factors_of_others_want_it(world: World, ann: Person) -> None:
    boss = world.client(world.person("Boss", admin=True))
    asked = world.client(ann).post("/v1/credit-requests", json={"credits": "5", "reason": "a report"}).json()["id"]
    world.clock.move(hours=1)
    for address, body in (
        (f"/v1/admin/workspaces/{ann.workspace_id}/grants", {"credits": "1", "reason": "x"}),
        (f"/v1/admin/credit-requests/{asked}/approve", {"credits": "5"}),
        (f"/v1/admin/users/{ann.id}/factor/reset", {"reason": "x"}),
        (f"/v1/admin/users/{ann.id}/factor/require", {"required": True, "reason": "x"}),
    ):
        answer = boss.post(address, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.step_up_required"), address
    assert world.count("grants") == 0
