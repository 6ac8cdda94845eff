"""Looking as somebody: read only, for half an hour, on record, and never as an administrator."""

import pytest
from starlette.testclient import TestClient

from support.world import Person, World


@pytest.fixture
def boss(world: World) -> Person:
    return world.person("Boss", admin=True)


@pytest.fixture
def ann(world: World) -> Person:
    return world.person("Ann")


def looking(world: World, boss: Person, ann: Person) -> TestClient:
    """Return a browser in which the administrator looks as Ann."""
    browser = world.browser(boss)
    answer = browser.post(f"/v1/admin/users/{ann.id}/view-as", json={"reason": "she asked"})
    assert answer.status_code == 201, answer.text
    browser.headers["X-CSRF-Token"] = browser.cookies["ccm_csrf"]
    return browser


def test_one_sees_what_the_person_sees_and_who_looks(world: World, boss: Person, ann: Person) -> None:
    key = world.key(ann, "laptop")
    browser = looking(world, boss, ann)
    me = browser.get("/v1/me").json()
    assert (me["name"], me["role"], me["viewing"]["by"]) == ("Ann", "user", "Boss")
    assert [one["name"] for one in browser.get("/v1/keys").json()["items"]] == ["laptop"]
    assert key.secret not in browser.get("/v1/keys").text
    assert world.client(ann).get("/v1/me").json()["viewing"] is None


def test_nothing_can_be_changed_and_nothing_private_is_shown(world: World, boss: Person, ann: Person) -> None:
    browser = looking(world, boss, ann)
    for method, path in (
        ("POST", "/v1/keys"),
        ("PATCH", "/v1/me"),
        ("POST", "/v1/me/password"),
        ("PATCH", "/v1/workspace"),
        ("POST", "/v1/workspaces"),
        ("GET", "/v1/me/sessions"),
    ):
        answer = browser.request(method, path, json={"name": "x"} if method != "GET" else None)
        assert (answer.status_code, answer.json()["code"]) == (403, "accounts.view_only"), path
    assert browser.get("/v1/admin/users").status_code == 403
    assert world.count("api_keys") == 0


def test_it_ends_by_the_button_and_the_administrator_is_back(world: World, boss: Person, ann: Person) -> None:
    browser = looking(world, boss, ann)
    token = browser.cookies["ccm_session"]
    answer = browser.post("/v1/auth/view-as/end")
    assert (answer.status_code, answer.json()["user"]["name"]) == (200, "Boss")
    browser.headers["X-CSRF-Token"] = browser.cookies["ccm_csrf"]
    assert browser.get("/v1/admin/users").status_code == 200
    assert browser.post("/v1/auth/view-as/end").json()["code"] == "accounts.not_viewing"
    stale = world.client()
    stale.headers["Authorization"] = f"Bearer {token}"
    assert stale.get("/v1/me").status_code == 401


def test_it_ends_by_itself(world: World, boss: Person, ann: Person) -> None:
    browser = looking(world, boss, ann)
    world.clock.move(minutes=29)
    assert browser.get("/v1/me").status_code == 200
    world.clock.move(minutes=2)
    assert browser.get("/v1/me").status_code == 401


@pytest.mark.parametrize("deed", ["suspend", "demote", "sign out", "promote the viewed", "suspend the viewed"])
def test_it_ends_with_what_it_hangs_on(world: World, boss: Person, ann: Person, deed: str) -> None:
    world.person("Second", admin=True)
    browser = looking(world, boss, ann)
    table, change = {
        "suspend": ("users", f"state=1 WHERE id={boss.account.id}"),
        "demote": ("users", f"role=0 WHERE id={boss.account.id}"),
        "sign out": ("sessions", "ended_at=1 WHERE viewer_user_id=0"),
        "promote the viewed": ("users", f"role=1 WHERE id={ann.account.id}"),
        "suspend the viewed": ("users", f"state=1 WHERE id={ann.account.id}"),
    }[deed]
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET {change}")
    world.clock.move(seconds=3)
    assert browser.get("/v1/me").status_code == 401


def test_administrators_suspended_people_and_oneself_are_not_looked_at(world: World, boss: Person, ann: Person) -> None:
    second = world.person("Second", admin=True)
    client = world.client(boss)
    client.post(f"/v1/admin/users/{ann.id}/suspend", json={"reason": "left"})
    for person in (second, boss, ann):
        answer = client.post(f"/v1/admin/users/{person.id}/view-as", json={"reason": "why not"})
        assert (answer.status_code, answer.json()["code"]) == (403, "accounts.cannot_view_as")
    assert client.post(f"/v1/admin/users/{ann.id}/view-as", json={}).status_code == 422


def test_a_view_does_not_lead_to_another(world: World, boss: Person, ann: Person) -> None:
    bob = world.person("Bob")
    browser = looking(world, boss, ann)
    assert browser.post(f"/v1/admin/users/{bob.id}/view-as", json={"reason": "more"}).status_code == 403


def test_a_second_view_ends_the_first(world: World, boss: Person, ann: Person) -> None:
    bob = world.person("Bob")
    client = world.client(boss)
    first = client.post(f"/v1/admin/users/{ann.id}/view-as", json={"reason": "a"}).json()["access_token"]
    client.post(f"/v1/admin/users/{bob.id}/view-as", json={"reason": "b"})
    stale = world.client()
    stale.headers["Authorization"] = f"Bearer {first}"
    assert stale.get("/v1/me").status_code == 401


def test_every_step_is_on_record_with_who_and_as_whom(world: World, boss: Person, ann: Person) -> None:
    browser = looking(world, boss, ann)
    assert browser.get("/v1/usage/export").status_code == 200
    browser.post("/v1/auth/view-as/end")
    rows = {
        row["action"]: (row["actor_user_id"], row["as_user_id"])
        for row in world.rows("audit_log", "action IN ('accounts.view_as','accounts.view_as_end','usage.export')")
    }
    assert rows == {
        "accounts.view_as": (boss.account.id, 0),
        "usage.export": (boss.account.id, ann.account.id),
        "accounts.view_as_end": (boss.account.id, ann.account.id),
    }


def test_the_person_does_not_find_it_among_their_own_sessions(world: World, boss: Person, ann: Person) -> None:
    looking(world, boss, ann)
    own = world.client(ann).get("/v1/me/sessions").json()["items"]
    assert len(own) == 1
    assert own[0]["current"]
