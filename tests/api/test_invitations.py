"""Invitations over HTTP: asked, seen by link, accepted, declined; nobody else sees them."""

import re

from starlette.testclient import TestClient

from ccmanage.core.ids import WORKSPACE, encode_id
from ccmanage.core.pagination import PageRequest
from ccmanage.workspaces.models import MemberRole
from support.world import Person, World


def team_client(world: World, person: Person, workspace_id: str) -> TestClient:
    client = world.client(person)
    client.headers["X-Workspace"] = workspace_id
    return client


def token(world: World) -> str:
    with world.read() as scope:
        link = scope.email.page(PageRequest(), template="workspaces.invited").items[0].values["link"]
    found = re.search(r"#t=(\S+)$", link)
    assert found
    return found[1]


def test_from_the_mail_to_the_workspace(world: World) -> None:
    olga, ann, eve = world.person("Olga"), world.person("Ann"), world.person("Eve")
    team = encode_id(WORKSPACE, world.shared(olga, "Team").public_id)
    owner = team_client(world, olga, team)
    asked = owner.post("/v1/workspace/invitations", json={"email": "ann@example.com", "role": "member"})
    assert (asked.status_code, asked.json()["state"], asked.json()["invited_by"]) == (201, "pending", "Olga")
    link = {"token": token(world)}
    assert link["token"] not in asked.text

    seen = world.client().post("/v1/invitations/look", json=link).json()
    assert (seen["workspace"], seen["role"], seen["email"]) == ("Team", "member", "ann@example.com")
    assert world.client().post("/v1/invitations/look", json={"token": "x" * 40}).status_code == 404
    assert world.client().post("/v1/invitations/accept", json=link).status_code == 401
    other = world.client(eve).post("/v1/invitations/accept", json=link)
    assert (other.status_code, other.json()["code"]) == (403, "workspaces.other_address")

    joined = world.client(ann).post("/v1/invitations/accept", json=link)
    assert (joined.status_code, joined.json()["id"], joined.json()["role"]) == (200, team, "member")
    assert team_client(world, ann, team).get("/v1/workspace").status_code == 200
    assert owner.get("/v1/workspace/invitations").json()["items"] == []
    assert world.client().post("/v1/invitations/look", json=link).status_code == 404


def test_what_waits_is_ones_own(world: World) -> None:
    olga, ann, eve = world.person("Olga"), world.person("Ann"), world.person("Eve")
    team = encode_id(WORKSPACE, world.shared(olga, "Team").public_id)
    owner = team_client(world, olga, team)
    owner.post("/v1/workspace/invitations", json={"email": "ann@example.com", "role": "viewer"})
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET email_verified_at = 1")
    [mine] = world.client(ann).get("/v1/invitations").json()["items"]
    assert world.client(eve).get("/v1/invitations").json()["items"] == []
    for deed in ("accept", "decline"):
        assert world.client(eve).post(f"/v1/invitations/{mine['id']}/{deed}").status_code == 404
    assert world.client(ann).post(f"/v1/invitations/{mine['id']}/decline").status_code == 204
    assert world.client(ann).get("/v1/invitations").json()["items"] == []


def test_members_and_other_workspaces_do_not_see_or_touch_them(world: World) -> None:
    olga, mem, eve = world.person("Olga"), world.person("Mem"), world.person("Eve")
    workspace, others = world.shared(olga, "Team"), world.shared(eve, "Others")
    world.join(workspace, mem, MemberRole.MEMBER)
    team = encode_id(WORKSPACE, workspace.public_id)
    owner, member = team_client(world, olga, team), team_client(world, mem, team)
    path = "/v1/workspace/invitations"
    one = owner.post(path, json={"email": "new@example.com", "role": "member"}).json()["id"]
    assert member.get(path).status_code == 403
    assert member.post(path, json={"email": "b@example.com", "role": "viewer"}).status_code == 403
    elsewhere = team_client(world, eve, encode_id(WORKSPACE, others.public_id))
    for deed in ("resend", "withdraw"):
        assert elsewhere.post(f"{path}/{one}/{deed}").status_code == 404
    limited = owner.post(f"{path}/{one}/resend")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "300")
    assert owner.post(f"{path}/{one}/withdraw").status_code == 204
