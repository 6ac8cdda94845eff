"""Workspaces of one's own over HTTP: open, rename, members, hand over, leave, close."""

import pytest
from starlette.testclient import TestClient

from ccmanage.core.ids import WORKSPACE, encode_id
from ccmanage.workspaces.models import MemberRole
from ccmanage.workspaces.service import MAX_OWNED
from support.world import Person, World


def in_workspace(client: TestClient, workspace_id: str) -> TestClient:
    client.headers["X-Workspace"] = workspace_id
    return client


@pytest.fixture
def olga(world: World) -> Person:
    return world.person("Olga")


def opened(world: World, owner: Person, name: str = "Team") -> str:
    answer = world.client(owner).post("/v1/workspaces", json={"name": name})
    assert answer.status_code == 201, answer.text
    workspace_id: str = answer.json()["id"]
    return workspace_id


def test_one_opens_a_workspace_works_in_it_and_closes_it(world: World, olga: Person) -> None:
    team = opened(world, olga)
    client = in_workspace(world.client(olga), team)
    assert client.patch("/v1/workspace", json={"name": "Crew"}).json()["name"] == "Crew"
    assert client.post("/v1/keys", json={"name": "ci"}).status_code == 201
    assert client.post("/v1/workspace/close", json={"name": "Team"}).status_code == 422
    closed = client.post("/v1/workspace/close", json={"name": "Crew"})
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    assert closed.json()["closed_at"] is not None
    assert [key["state"] for key in client.get("/v1/keys").json()["items"]] == ["revoked"]
    for method, path, body in (
        ("POST", "/v1/keys", {"name": "late"}),
        ("PATCH", "/v1/workspace", {"name": "Again"}),
        ("POST", "/v1/workspace/close", {"name": "Crew"}),
    ):
        answer = client.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "workspaces.closed"), path
    assert world.client(olga).get("/v1/me").json()["workspaces"][-1]["state"] == "closed"
    assert client.post(f"/v1/workspaces/{team}/leave").status_code == 204
    assert len(world.client(olga).get("/v1/workspaces").json()["items"]) == 1


def test_ones_workspaces_come_in_pages(world: World, olga: Person) -> None:
    for number in range(3):
        opened(world, olga, f"Team {number}")
    client, seen, cursor = world.client(olga), [], None
    while True:
        page = client.get("/v1/workspaces", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [one["name"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["Team 2", "Team 1", "Team 0", "Personal"]


def test_a_person_owns_only_so_many(sqlite_world: World) -> None:
    olga = sqlite_world.person("Olga")
    for _ in range(MAX_OWNED):
        sqlite_world.shared(olga)
    answer = sqlite_world.client(olga).post("/v1/workspaces", json={"name": "One more"})
    assert (answer.status_code, answer.json()["code"]) == (409, "workspaces.too_many")


def test_members_are_seen_changed_and_removed(world: World, olga: Person) -> None:
    mem, vio = world.person("Mem"), world.person("Vio")
    workspace = world.shared(olga, "Team")
    world.join(workspace, mem, MemberRole.MEMBER)
    world.join(workspace, vio, MemberRole.VIEWER)
    world.key(mem, workspace=workspace)
    team = encode_id(WORKSPACE, workspace.public_id)
    owner, viewer = in_workspace(world.client(olga), team), in_workspace(world.client(vio), team)

    rows = {row["name"]: row for row in owner.get("/v1/workspace/members").json()["items"]}
    assert {name: (row["role"], row["keys"], row["email"]) for name, row in rows.items()} == {
        "Olga": ("owner", 0, "olga@example.com"),
        "Mem": ("member", 1, "mem@example.com"),
        "Vio": ("viewer", 0, "vio@example.com"),
    }
    seen = {row["name"]: row["email"] for row in viewer.get("/v1/workspace/members").json()["items"]}
    assert seen == {"Olga": None, "Mem": None, "Vio": "vio@example.com"}

    assert owner.patch(f"/v1/workspace/members/{vio.id}", json={"role": "manager"}).json()["role"] == "manager"
    # The role that was kept for two seconds is forgotten at once: a manager sees addresses.
    assert viewer.get("/v1/workspace/members").json()["items"][0]["email"] is not None
    assert viewer.patch(f"/v1/workspace/members/{mem.id}", json={"role": "owner"}).status_code == 403
    removed = viewer.post(f"/v1/workspace/members/{mem.id}/remove", json={"reassign_keys_to": olga.id})
    assert removed.status_code == 204
    assert [key["created_by"]["name"] for key in owner.get("/v1/keys").json()["items"]] == ["Olga"]
    gone = in_workspace(world.client(mem), team).get("/v1/workspace")
    assert (gone.status_code, gone.json()["code"]) == (404, "workspaces.not_found")


def test_handing_over_needs_a_member(world: World, olga: Person) -> None:
    mem, eve = world.person("Mem"), world.person("Eve")
    workspace = world.shared(olga, "Team")
    world.join(workspace, mem, MemberRole.MEMBER)
    client = in_workspace(world.client(olga), encode_id(WORKSPACE, workspace.public_id))
    assert client.post("/v1/workspace/hand-over", json={"user_id": eve.id}).status_code == 404
    answer = client.post("/v1/workspace/hand-over", json={"user_id": mem.id})
    assert (answer.status_code, answer.json()["role"]) == (200, "owner")
    assert client.get("/v1/workspace").json()["role"] == "manager"
    assert client.patch("/v1/workspace", json={"name": "Mine"}).status_code == 403
    assert world.client(olga).post(f"/v1/workspaces/{workspace_id(client)}/leave").status_code == 204


def workspace_id(client: TestClient) -> str:
    return str(client.headers["X-Workspace"])
