"""Oneself, and people for administrators, over HTTP."""

from typing import Any, ClassVar

import pytest

from support.world import Person, World


def test_me_lists_my_workspaces(world: World) -> None:
    ann, bob = world.person("Ann"), world.person("Bob")
    world.shared(ann, "Team")
    world.shared(bob, "Not mine")
    body = world.client(ann).get("/v1/me").json()
    assert body["email"] == "ann@example.com"
    assert [(place["name"], place["kind"], place["role"], place["state"]) for place in body["workspaces"]] == [
        ("Personal", "personal", "owner", "active"),
        ("Team", "shared", "owner", "active"),
    ]
    assert "state" not in body
    assert {name for name in body if "password" in name} == {"has_password"}


def test_a_profile_is_changed_field_by_field(world: World) -> None:
    client = world.client(world.person("Ann"))
    answer = client.patch("/v1/me", json={"locale": "zh", "time_zone": "Asia/Shanghai"})
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["locale"]) == ("Ann", "zh")
    assert client.patch("/v1/me", json={"name": "安妮"}).json()["name"] == "安妮"
    assert client.get("/v1/me").json()["time_zone"] == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"locale": "xx"}, "/locale"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"name": 5}, "/name"),
        ({"name": "two\nlines"}, "/name"),
        ({"role": "admin"}, "/role"),
        ({"email": "other@example.com"}, "/email"),
    ],
)
def test_bad_profiles_name_the_field(sqlite_world: World, body: dict[str, Any], pointer: str) -> None:
    answer = sqlite_world.client(sqlite_world.person("Ann")).patch("/v1/me", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


class TestUsers:
    """`/v1/admin/users`."""

    @pytest.fixture
    def boss(self, world: World) -> Person:
        return world.person("Boss", admin=True)

    NEW: ClassVar[dict[str, Any]] = {
        "email": "New@Example.com",
        "name": "New Person",
        "password": "long enough to pass",
    }

    def test_a_person_is_created_and_can_sign_in(self, world: World, boss: Person) -> None:
        answer = world.client(boss).post("/v1/admin/users", json={**self.NEW, "role": "admin"})
        assert answer.status_code == 201
        assert (answer.json()["email"], answer.json()["role"], answer.json()["state"]) == (
            "new@example.com",
            "admin",
            "active",
        )
        login = world.client().post(
            "/v1/auth/login", json={"email": "new@example.com", "password": self.NEW["password"]}
        )
        assert login.status_code == 200
        assert world.count("audit_log", f"action = 'accounts.create_user' AND actor_user_id = {boss.account.id}") == 1

    def test_an_address_is_taken_once(self, world: World, boss: Person) -> None:
        client = world.client(boss)
        assert client.post("/v1/admin/users", json=self.NEW).status_code == 201
        answer = client.post("/v1/admin/users", json=self.NEW)
        assert (answer.status_code, answer.json()["code"]) == (409, "accounts.email_taken")
        assert world.count("users") == 2

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"email": "nonsense"}, "/email"),
            ({"email": "a@b.c, d@e.f"}, "/email"),
            ({"password": "short"}, "/password"),
            ({"password": "New@example.com"}, "/password"),
            ({"role": "owner"}, "/role"),
            ({"name": "\u0000"}, "/name"),
            ({"state": "active"}, "/state"),
        ],
    )
    def test_bad_fields_are_named(self, sqlite_world: World, change: dict[str, Any], pointer: str) -> None:
        client = sqlite_world.client(sqlite_world.person("Boss", admin=True))
        answer = client.post("/v1/admin/users", json={**self.NEW, **change})
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
        assert sqlite_world.count("users") == 1

    def test_people_are_listed_and_found_by_exact_address(self, world: World, boss: Person) -> None:
        for number in range(3):
            world.person(f"Person {number}")
        client = world.client(boss)
        first = client.get("/v1/admin/users", params={"limit": 3}).json()
        rest = client.get("/v1/admin/users", params={"limit": 3, "cursor": first["next_cursor"]}).json()
        names = [user["name"] for user in first["items"] + rest["items"]]
        assert names == ["Person 2", "Person 1", "Person 0", "Boss"]
        assert rest["next_cursor"] is None
        found = client.get("/v1/admin/users", params={"email": "PERSON.1@example.com"}).json()["items"]
        assert [user["name"] for user in found] == ["Person 1"]
        assert client.get("/v1/admin/users", params={"email": "person"}).json()["items"] == []

    def test_suspending_and_reactivating(self, world: World, boss: Person) -> None:
        ann = world.person("Ann")
        hers, client = world.client(ann), world.client(boss)
        assert hers.get("/v1/me").status_code == 200
        answer = client.post(f"/v1/admin/users/{ann.id}/suspend", json={"reason": "left"})
        assert (answer.status_code, answer.json()["state"]) == (200, "suspended")
        assert hers.get("/v1/me").status_code == 401
        answer = client.post(f"/v1/admin/users/{ann.id}/reactivate")
        assert (answer.status_code, answer.json()["state"]) == (200, "active")
        assert client.get(f"/v1/admin/users/{ann.id}").json()["state"] == "active"

    def test_the_last_admin_cannot_be_suspended(self, world: World, boss: Person) -> None:
        answer = world.client(boss).post(f"/v1/admin/users/{boss.id}/suspend", json={"reason": "me"})
        assert (answer.status_code, answer.json()["code"]) == (409, "accounts.last_admin")

    def test_the_reason_is_kept(self, world: World, boss: Person) -> None:
        ann, client = world.person("Ann"), world.client(boss)
        assert client.post(f"/v1/admin/users/{ann.id}/suspend", json={}).status_code == 422
        client.post(f"/v1/admin/users/{ann.id}/suspend", json={"reason": "left the company"})
        log = client.get("/v1/admin/audit-log", params={"action": "accounts.suspend_user"}).json()["items"]
        assert log[0]["reason"] == "left the company"
        assert log[0]["actor"] == {"id": boss.id, "name": "Boss"}
        assert log[0]["subject"] == {"kind": "user", "id": ann.id}
