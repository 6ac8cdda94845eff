"""Personal access tokens: never more than their maker, shown once, gone when they should be."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.core.clock import to_rfc3339
from ccmanage.core.ids import TOKEN, WORKSPACE, decode_id, encode_id
from ccmanage.workspaces.models import MemberRole
from support.world import Person, World


@pytest.fixture
def ann(world: World) -> Person:
    return world.person("Ann")


def make(world: World, client: TestClient, *scopes: str, days: int = 30) -> Any:
    expires_at = to_rfc3339(world.clock.now + days * 86_400_000)
    return client.post("/v1/me/tokens", json={"name": "script", "scopes": scopes, "expires_at": expires_at})


def script(world: World, client: TestClient, *scopes: str) -> TestClient:
    answer = make(world, client, *scopes)
    assert answer.status_code == 201, answer.text
    with_token = world.client()
    with_token.headers["Authorization"] = f"Bearer {answer.json()['secret']}"
    return with_token


def test_it_is_shown_once_and_stored_as_a_digest(world: World, ann: Person) -> None:
    client = world.client(ann)
    made = make(world, client, "read").json()
    assert made["secret"].startswith("ccp_")
    listed = client.get("/v1/me/tokens").json()["items"]
    assert [token["id"] for token in listed] == [made["id"]]
    assert "secret" not in listed[0]
    assert made["secret"][9:] not in repr(world.rows("access_tokens") + world.rows("audit_log"))
    assert world.count("audit_log", "action = 'accounts.issue_token'") == 1


def test_it_opens_its_scopes_and_nothing_else(world: World, ann: Person) -> None:
    with_token = script(world, world.client(ann), "usage")
    assert with_token.get("/v1/usage/events").status_code == 200
    assert with_token.get("/v1/me").json()["id"] == ann.id
    for method, path in (("GET", "/v1/keys"), ("POST", "/v1/keys"), ("GET", "/v1/me/tokens"), ("PATCH", "/v1/me")):
        answer = with_token.request(method, path, json={} if method != "GET" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.scope_missing"), (method, path)


def test_deeds_of_weight_need_a_scope_of_their_own(world: World, ann: Person) -> None:
    client = world.client(ann)
    plain, sensitive = script(world, client, "keys"), script(world, client, "keys", "sensitive")
    key = plain.post("/v1/keys", json={"name": "made by a script"}).json()["id"]
    answer = plain.post(f"/v1/keys/{key}/rotate", json={"overlap_seconds": 0})
    assert (answer.status_code, answer.json()["code"]) == (403, "auth.step_up_required")
    assert sensitive.post(f"/v1/keys/{key}/rotate", json={"overlap_seconds": 0}).status_code == 200


def test_it_never_has_more_rights_than_its_maker(world: World, ann: Person) -> None:
    refused = make(world, world.client(ann), "admin")
    assert (refused.status_code, refused.json()["code"]) == (403, "accounts.scope_too_wide")
    boss = world.person("Boss", admin=True)
    world.person("Second", admin=True)
    with_token = script(world, world.client(boss), "admin")
    assert with_token.get("/v1/admin/users").status_code == 200
    with world.scope() as scope:  # no longer an administrator: asked at each use, not only when it was made
        scope.accounts._repository.lock(boss.account.id).role = 0
    world.clock.move(seconds=2)
    answer = with_token.get("/v1/admin/users")
    assert (answer.status_code, answer.json()["code"]) == (403, "admins.only")


def test_a_viewer_of_a_workspace_writes_there_with_no_token(world: World, ann: Person) -> None:
    team = world.shared(world.person("Owner"))
    world.join(team, ann, MemberRole.VIEWER)
    with_token = script(world, world.client(ann), "keys", "write", "read")
    with_token.headers["X-Workspace"] = encode_id(WORKSPACE, team.public_id)
    assert with_token.get("/v1/keys").status_code == 200
    answer = with_token.post("/v1/keys", json={"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "workspaces.role_too_low")


def test_it_runs_out_within_a_year(world: World, ann: Person) -> None:
    client = world.client(ann)
    assert make(world, client, "read", days=367).json()["errors"][0]["pointer"] == "/expires_at"
    assert make(world, client, "read", days=0).status_code == 422
    with_token = script(world, client, "read")
    world.clock.move(hours=30 * 24 - 1)
    assert with_token.get("/v1/keys").status_code == 200
    world.clock.move(hours=1)
    answer = with_token.get("/v1/keys")
    assert (answer.status_code, answer.json()["code"]) == (401, "accounts.token_refused")


def test_revoked_it_is_worth_nothing_everywhere_within_two_seconds(world: World, ann: Person) -> None:
    client = world.client(ann)
    with_token = script(world, client, "read")
    assert with_token.get("/v1/keys").status_code == 200
    token = client.get("/v1/me/tokens").json()["items"][0]
    assert token["last_used_at"] is not None
    with world.scope() as scope:  # as another process would
        scope.tokens.revoke(ann.account.id, decode_id(TOKEN, token["id"]))
    world.clock.move(seconds=2)
    assert with_token.get("/v1/keys").status_code == 401
    assert client.post(f"/v1/me/tokens/{token['id']}/revoke").json()["state"] == "revoked"
    assert world.count("audit_log", "action = 'accounts.revoke_token'") == 1


def test_a_suspension_silences_it(world: World, ann: Person) -> None:
    with_token = script(world, world.client(ann), "read")
    with world.scope() as scope:
        scope.accounts.suspend(ann.account.public_id, reason="test")
    assert with_token.get("/v1/keys").status_code == 401


def test_another_persons_token_is_not_there(world: World, ann: Person) -> None:
    token = make(world, world.client(ann), "read").json()["id"]
    answer = world.client(world.person("Eve")).post(f"/v1/me/tokens/{token}/revoke")
    assert answer.status_code == 404


@pytest.mark.parametrize("text", ["ccp_", "ccp_" + "0" * 42, "ccp_" + "x" * 5_000])
def test_what_is_no_token_is_refused(sqlite_world: World, text: str) -> None:
    answer = sqlite_world.client().get("/v1/keys", headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "accounts.token_refused")


def test_nobody_holds_more_than_fifty(sqlite_world: World) -> None:
    client = sqlite_world.client(sqlite_world.person("Ann"))
    for _ in range(50):
        assert make(sqlite_world, client, "read").status_code == 201
    assert make(sqlite_world, client, "read").json()["code"] == "accounts.token_limit"
