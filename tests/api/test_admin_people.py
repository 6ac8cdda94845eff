"""What administrators do to people: suspend with a choice about keys, roles, sessions; two of them at once."""

from typing import Any

import pytest

from ccmanage.core.pagination import PageRequest
from ccmanage.workspaces.models import MemberRole
from support.world import Person, World


@pytest.fixture
def boss(world: World) -> Person:
    return world.person("Boss", admin=True)


def shown(world: World, boss: Person, person: Person) -> dict[str, Any]:
    answer: dict[str, Any] = world.client(boss).get(f"/v1/admin/users/{person.id}").json()
    return answer


def test_suspending_hands_keys_to_owners_in_the_same_act(world: World, boss: Person) -> None:
    olga, ann = world.person("Olga"), world.person("Ann")
    team, own = world.shared(olga, "Team"), world.shared(ann, "Ann's")
    world.join(team, ann, MemberRole.MEMBER)
    world.key(ann, "in the team", workspace=team)
    world.key(ann, "personal")
    world.key(ann, "in her own", workspace=own)
    body = {"reason": "left", "keys": "hand_to_owners"}
    assert world.client(boss).post(f"/v1/admin/users/{ann.id}/suspend", json=body).json()["state"] == "suspended"
    keys = {row["name"]: (row["user_id"], row["state"]) for row in world.rows("api_keys")}
    assert keys == {
        "in the team": (olga.account.id, 0),
        "personal": (ann.account.id, 1),
        "in her own": (ann.account.id, 1),
    }
    assert world.count("audit_log", "action='keys.reassign'") == 1
    assert world.count("audit_log", "action='keys.revoke'") == 2
    with world.read() as scope:
        [letter] = scope.email.letters_of(ann.account.id)
    assert (letter.row.template, letter.address) == ("accounts.suspended", ann.email)
    assert letter.values["keys"] == "revoked", "not all of them found an owner"
    assert "left" not in letter.values.values(), "the reason is the administrators' own"


def test_two_admins_do_not_undo_each_other(world: World, boss: Person) -> None:
    """Fault row 57: the second of two edits of the same state is refused, and nothing of it is done."""
    ann, second = world.person("Ann"), world.person("Second", admin=True)
    first, other = world.client(boss), world.client(second)
    revision = shown(world, boss, ann)["revision"]
    path = f"/v1/admin/users/{ann.id}"
    assert first.post(f"{path}/role", json={"role": "admin", "reason": "x", "revision": revision}).status_code == 200
    for deed, body in (
        ("role", {"role": "user", "reason": "x", "revision": revision}),
        ("suspend", {"reason": "x", "revision": revision}),
        ("reactivate", {"revision": revision}),
    ):
        answer = other.post(f"{path}/{deed}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "accounts.changed"), deed
    after = shown(world, boss, ann)
    assert (after["role"], after["state"], after["revision"]) == ("admin", "active", revision + 1)


def test_two_admins_do_not_rename_a_workspace_past_each_other(world: World, boss: Person) -> None:
    ann = world.person("Ann")
    world.shared(ann, "Team")
    client = world.client(boss)
    seen = client.get("/v1/admin/workspaces", params={"search": "Team"}).json()["items"][0]
    path = f"/v1/admin/workspaces/{seen['id']}"
    body = {"name": "Crew", "revision": seen["revision"]}
    assert client.patch(path, json=body).json()["name"] == "Crew"
    late = client.patch(path, json={"name": "Squad", "revision": seen["revision"]})
    assert (late.status_code, late.json()["code"]) == (409, "workspaces.changed")
    suspend = client.post(f"{path}/suspend", json={"reason": "x", "revision": seen["revision"]})
    assert suspend.status_code == 409
    assert client.get(path).json()["name"] == "Crew"


def test_a_change_of_role_ends_the_sessions(world: World, boss: Person) -> None:
    ann = world.person("Ann")
    hers = world.client(ann)
    assert hers.get("/v1/me").status_code == 200
    revision = shown(world, boss, ann)["revision"]
    body = {"role": "admin", "reason": "helps out", "revision": revision}
    assert world.client(boss).post(f"/v1/admin/users/{ann.id}/role", json=body).json()["role"] == "admin"
    assert hers.get("/v1/me").status_code == 401
    assert world.client(ann).get("/v1/admin/users").status_code == 200


def test_the_last_admin_stays_one(world: World, boss: Person) -> None:
    client, revision = world.client(boss), shown(world, boss, boss)["revision"]
    for deed, body in (
        ("role", {"role": "user", "reason": "x", "revision": revision}),
        ("suspend", {"reason": "x"}),
    ):
        answer = client.post(f"/v1/admin/users/{boss.id}/{deed}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "accounts.last_admin")


def test_sessions_are_ended_with_a_reason(world: World, boss: Person) -> None:
    ann = world.person("Ann")
    hers = world.client(ann)
    client = world.client(boss)
    assert len(client.get(f"/v1/admin/users/{ann.id}/sessions").json()["items"]) == 1
    assert client.post(f"/v1/admin/users/{ann.id}/end-sessions", json={"reason": "lost"}).json() == {"ended": 1}
    assert hers.get("/v1/me").status_code == 401
    assert client.get(f"/v1/admin/users/{ann.id}/sessions").json()["items"] == []
    assert world.count("audit_log", "action='accounts.end_all_sessions'") == 1


def test_a_person_is_shown_with_workspaces_and_keys(world: World, boss: Person) -> None:
    olga, ann = world.person("Olga"), world.person("Ann")
    team = world.shared(olga, "Team")
    world.join(team, ann, MemberRole.VIEWER)
    world.key(ann, "laptop")
    client = world.client(boss)
    places = client.get(f"/v1/admin/users/{ann.id}/workspaces").json()["items"]
    assert [(one["name"], one["role"]) for one in places] == [("Team", "viewer"), ("Personal", "owner")]
    keys = client.get(f"/v1/admin/users/{ann.id}/keys").json()["items"]
    assert [(one["name"], one["workspace"]["name"], one["state"]) for one in keys] == [("laptop", "Personal", "active")]


@pytest.mark.parametrize(
    ("domain", "found"), [("example.com", 2), ("@EXAMPLE.com", 2), ("example", 0), ("ann@example.com", 0), ("", 0)]
)
def test_people_are_found_by_domain(world: World, boss: Person, domain: str, found: int) -> None:
    world.person("Ann")
    items = world.client(boss).get("/v1/admin/users", params={"domain": domain}).json()["items"]
    assert len(items) == found


def test_people_from_before_the_index_are_found_once_a_worker_was_there(world: World, boss: Person) -> None:
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET domain_index = NULL")
    client = world.client(boss)
    assert client.get("/v1/admin/users", params={"domain": "example.com"}).json()["items"] == []
    assert world.runtime.run(lambda scope: scope.accounts.index_domains(1)) is True
    assert world.runtime.run(lambda scope: scope.accounts.index_domains(1)) is False
    assert len(client.get("/v1/admin/users", params={"domain": "example.com"}).json()["items"]) == 1


def link_token(world: World) -> str:
    with world.read() as scope:
        link = scope.email.page(PageRequest(), template="accounts.invited").items[0].values["link"]
    return str(link.partition("#t=")[2])


def test_somebody_is_invited_chooses_a_password_and_signs_in(world: World, boss: Person) -> None:
    client = world.client(boss)
    new = {"email": "New@Example.com", "name": "New", "role": "user", "locale": "zh"}
    invited = client.post("/v1/admin/users/invite", json=new)
    assert (invited.status_code, invited.json()["email_verified"], invited.json()["locale"]) == (201, False, "zh")
    first = link_token(world)
    assert first not in invited.text
    assert client.post(f"/v1/admin/users/{invited.json()['id']}/invite-again").status_code == 204
    body = {"token": first, "password": "a long enough phrase"}
    assert world.client().post("/v1/auth/password/reset", json=body).status_code >= 400
    body["token"] = link_token(world)
    assert world.client().post("/v1/auth/password/reset", json=body).status_code < 300
    login = world.client().post("/v1/auth/login", json={"email": new["email"], "password": body["password"]})
    assert login.status_code == 200
    assert world.client().post("/v1/auth/password/reset", json=body).status_code >= 400
    again = client.post(f"/v1/admin/users/{invited.json()['id']}/invite-again")
    assert (again.status_code, again.json()["code"]) == (409, "accounts.not_invited")
    assert world.count("audit_log", "action='accounts.invite_user'") == 2


def test_an_invitation_runs_out_and_is_not_sent_without_end(world: World, boss: Person) -> None:
    client = world.client(boss)
    person = client.post("/v1/admin/users/invite", json={"email": "new@example.com", "name": "New"}).json()
    for _ in range(4):
        assert client.post(f"/v1/admin/users/{person['id']}/invite-again").status_code == 204
    assert client.post(f"/v1/admin/users/{person['id']}/invite-again").status_code == 429
    token = link_token(world)
    world.clock.move(days=7)
    body = {"token": token, "password": "a long enough phrase"}
    assert world.client().post("/v1/auth/password/reset", json=body).status_code >= 400
