"""API keys over HTTP."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.core.clock import DAY, to_rfc3339
from ccmanage.core.ids import WORKSPACE, encode_id
from ccmanage.workspaces.models import MemberRole, Workspace
from support.world import Person, World


@pytest.fixture
def ann(world: World) -> Person:
    return world.person("Ann")


@pytest.fixture
def client(world: World, ann: Person) -> TestClient:
    return world.client(ann)


def issue(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/keys", json={"name": "laptop", **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_secret_is_in_the_first_answer_only(client: TestClient, ann: Person) -> None:
    key = issue(client)
    secret = key.pop("secret")
    assert secret.startswith("ccm_")
    assert key["created_by"] == {"id": ann.id, "name": "Ann"}
    listed = client.get("/v1/keys").json()["items"]
    assert listed == [key]
    assert secret not in client.get("/v1/keys").text


def test_a_key_is_renamed_and_its_expiry_moved(world: World, client: TestClient) -> None:
    key = issue(client, expires_at=to_rfc3339(world.clock.now + DAY))
    assert key["expires_at"] == "2026-11-24T07:00:00.000Z"
    address = f"/v1/keys/{key['id']}"
    assert client.patch(address, json={"name": "desktop"}).json()["expires_at"] is not None
    answer = client.patch(address, json={"expires_at": None}).json()
    assert (answer["name"], answer["expires_at"]) == ("desktop", None)
    assert client.get(address).json() == answer
    later = client.patch(address, json={"expires_at": "2026-12-01T00:00:00+01:00"}).json()
    assert later["expires_at"] == "2026-11-30T23:00:00.000Z"


def test_rotation_and_revocation(client: TestClient) -> None:
    key = issue(client)
    rotated = client.post(f"/v1/keys/{key['id']}/rotate", json={"overlap_seconds": 60}).json()
    assert rotated["secret"] != key["secret"]
    assert rotated["rotating_until"] == "2026-11-23T07:01:00.000Z"
    assert client.post(f"/v1/keys/{key['id']}/rotate", json={}).json()["rotating_until"] == "2026-11-24T07:00:00.000Z"
    revoked = client.post(f"/v1/keys/{key['id']}/revoke")
    assert (revoked.status_code, revoked.json()["state"]) == (200, "revoked")
    assert client.post(f"/v1/keys/{key['id']}/revoke").status_code == 200
    answer = client.post(f"/v1/keys/{key['id']}/rotate", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "keys.not_active")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "k", "expires_at": "2026-11-22T00:00:00Z"}, "/expires_at"),
        ({"name": "k", "expires_at": "2026-12-01T00:00:00"}, "/expires_at"),
        ({"name": "k", "expires_at": "tomorrow"}, "/expires_at"),
        ({"name": "k", "expires_at": 1_800_000_000}, "/expires_at"),
        ({"name": "k", "expires_at": "9999-12-31T23:59:59-23:59"}, "/expires_at"),
        ({"name": "k", "expires_at": "2026-02-30T00:00:00Z"}, "/expires_at"),
        ({"name": "k", "workspace_id": "ws_x"}, "/workspace_id"),
        ({"name": "k", "secret": "ccm_mine"}, "/secret"),
    ],
)
def test_bad_keys_name_the_field(sqlite_world: World, body: dict[str, Any], pointer: str) -> None:
    answer = sqlite_world.client(sqlite_world.person("Ann")).post("/v1/keys", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert sqlite_world.count("api_keys") == 0


@pytest.mark.parametrize("seconds", [-1, 604_801, 1.5, "60", True, None])
def test_an_overlap_is_whole_seconds_up_to_a_week(sqlite_world: World, seconds: Any) -> None:
    client = sqlite_world.client(sqlite_world.person("Ann"))
    key = issue(client)
    assert client.post(f"/v1/keys/{key['id']}/rotate", json={"overlap_seconds": seconds}).status_code == 422


def test_keys_are_paged(client: TestClient) -> None:
    for number in range(5):
        issue(client, name=f"key {number}")
    names, cursor = [], None
    while True:
        page = client.get("/v1/keys", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        names += [key["name"] for key in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert names == [f"key {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 201}, {"limit": "many"}, {"cursor": "nonsense"}, {"cursor": "é"}]
)
def test_bad_pages_are_refused(sqlite_world: World, params: dict[str, Any]) -> None:
    answer = sqlite_world.client(sqlite_world.person("Ann")).get("/v1/keys", params=params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(params))}"


class TestRoles:
    """Who may do what in a shared workspace."""

    @pytest.fixture
    def team(self, world: World, ann: Person) -> Workspace:
        return world.shared(ann, "Team")

    def enter(self, world: World, team: Workspace, person: Person) -> TestClient:
        client = world.client(person)
        client.headers["X-Workspace"] = encode_id(WORKSPACE, team.public_id)
        return client

    def member(self, world: World, team: Workspace, name: str, role: MemberRole) -> TestClient:
        person = world.person(name)
        world.join(team, person, role)
        return self.enter(world, team, person)

    def test_members_see_and_change_their_own_keys_only(self, world: World, ann: Person, team: Workspace) -> None:
        owner, member = self.enter(world, team, ann), self.member(world, team, "Bob", MemberRole.MEMBER)
        hers, his = issue(owner), issue(member)
        assert [key["id"] for key in member.get("/v1/keys").json()["items"]] == [his["id"]]
        assert [key["id"] for key in owner.get("/v1/keys").json()["items"]] == [his["id"], hers["id"]]
        for method, address, body in (
            ("get", f"/v1/keys/{hers['id']}", None),
            ("patch", f"/v1/keys/{hers['id']}", {"name": "x"}),
            ("post", f"/v1/keys/{hers['id']}/rotate", {}),
            ("post", f"/v1/keys/{hers['id']}/revoke", None),
        ):
            assert member.request(method, address, json=body).status_code == 404
        assert owner.post(f"/v1/keys/{his['id']}/revoke").status_code == 200

    def test_managers_hold_all_keys(self, world: World, ann: Person, team: Workspace) -> None:
        hers = issue(self.enter(world, team, ann))
        manager = self.member(world, team, "Max", MemberRole.MANAGER)
        assert manager.patch(f"/v1/keys/{hers['id']}", json={"name": "x"}).status_code == 200

    def test_viewers_look_and_touch_nothing(self, world: World, ann: Person, team: Workspace) -> None:
        hers = issue(self.enter(world, team, ann))
        viewer = self.member(world, team, "Vic", MemberRole.VIEWER)
        assert [key["id"] for key in viewer.get("/v1/keys").json()["items"]] == [hers["id"]]
        for address, body in (("/v1/keys", {"name": "k"}), (f"/v1/keys/{hers['id']}/revoke", None)):
            answer = viewer.post(address, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "workspaces.role_too_low")

    def test_strangers_find_nothing(self, world: World, ann: Person, team: Workspace) -> None:
        hers = issue(self.enter(world, team, ann))
        eve = world.person("Eve")
        assert self.enter(world, team, eve).get("/v1/keys").status_code == 404
        assert world.client(eve).get(f"/v1/keys/{hers['id']}").status_code == 404
        assert world.client(eve).get("/v1/keys").json()["items"] == []

    @pytest.mark.parametrize(
        "name", ["nonsense", "ws_", "usr_01m83pksw6ed8bzxwrt1ftxpfb", "ws_" + "z" * 26, "ws_" + "0" * 26]
    )
    def test_a_workspace_that_is_none_is_not_found(self, sqlite_world: World, name: str) -> None:
        client = sqlite_world.client(sqlite_world.person("Ann"))
        assert client.get("/v1/keys", headers={"X-Workspace": name}).status_code == 404

    def test_in_a_suspended_workspace_one_can_only_look(self, world: World, ann: Person, team: Workspace) -> None:
        client = self.enter(world, team, ann)
        issue(client)
        with world.scope() as scope:
            scope.workspaces.suspend(team.public_id, reason="unpaid")
        world.clock.move(seconds=2)
        assert len(client.get("/v1/keys").json()["items"]) == 1
        answer = client.post("/v1/keys", json={"name": "another"})
        assert (answer.status_code, answer.json()["code"]) == (403, "workspaces.suspended")


def test_the_workspace_is_shown_and_renamed_by_its_owner(world: World, ann: Person) -> None:
    team = world.shared(ann, "Team")
    bob = world.person("Bob")
    world.join(team, bob, MemberRole.MANAGER)
    header = {"X-Workspace": encode_id(WORKSPACE, team.public_id)}
    assert world.client(bob).get("/v1/workspace", headers=header).json()["role"] == "manager"
    assert world.client(bob).patch("/v1/workspace", headers=header, json={"name": "x"}).status_code == 403
    client = world.client(ann)
    assert client.patch("/v1/workspace", headers=header, json={"name": "Crew"}).json()["name"] == "Crew"
    assert client.get("/v1/workspace", headers=header).json()["name"] == "Crew"
    assert client.patch("/v1/workspace", headers=header, json={"name": "\t"}).status_code == 422
