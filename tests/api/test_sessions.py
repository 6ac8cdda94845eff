"""One's sessions over HTTP: seen, ended one by one or all, and gone everywhere within two seconds."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from support.world import PASSWORD, Person, World

SESSIONS = "/v1/me/sessions"


@pytest.fixture
def ann(world: World) -> Person:
    return world.person("Ann")


def listed(client: TestClient) -> list[dict[str, Any]]:
    answer = client.get(SESSIONS)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def is_open(client: TestClient) -> bool:
    return client.get("/v1/me").status_code == 200


def other_process(world: World, client: TestClient) -> TestClient:
    """The same session before another process, which keeps what it has read for two seconds."""
    from api.main import build

    other = TestClient(build(world.runtime), base_url="http://testserver", client=("127.0.0.1", 50_001))
    other.headers["Authorization"] = client.headers["Authorization"]
    return other


def test_they_are_listed_newest_first_with_the_one_that_asks(world: World, ann: Person) -> None:
    first = world.client(ann)
    world.clock.move(minutes=5)
    second = world.client(ann)
    items = listed(first)
    assert [one["current"] for one in items] == [False, True]
    assert [one["current"] for one in listed(second)] == [True, False]
    assert {one["network"] for one in items} == {"192.0.2.0/24"}
    assert {one["method"] for one in items} == {"password"}
    assert items[0]["created_at"] > items[1]["created_at"]


def test_nobody_sees_or_ends_those_of_others(world: World, ann: Person) -> None:
    hers, his = world.client(ann), world.client(world.person("Bob"))
    assert len(listed(his)) == 1
    answer = his.post(f"{SESSIONS}/{listed(hers)[0]['id']}/end")
    assert (answer.status_code, answer.json()["code"]) == (404, "accounts.session_not_found")
    assert is_open(hers)


def test_one_is_ended_and_only_that(world: World, ann: Person) -> None:
    mine, lost, third = (world.client(ann) for _ in range(3))
    [number] = [one["id"] for one in listed(lost) if one["current"]]
    assert mine.post(f"{SESSIONS}/{number}/end").status_code == 204
    assert [is_open(mine), is_open(lost), is_open(third)] == [True, False, True]
    assert len(listed(mine)) == 2
    assert mine.post(f"{SESSIONS}/{number}/end").status_code == 404
    assert world.count("audit_log", "action = 'accounts.end_session'") == 1


def test_all_others_are_ended(world: World, ann: Person) -> None:
    mine, *others = (world.client(ann) for _ in range(3))
    bob = world.client(world.person("Bob"))
    assert mine.post(f"{SESSIONS}/end-others").json() == {"ended": 2}
    assert is_open(mine)
    assert not any(map(is_open, others))
    assert is_open(bob)
    assert mine.post(f"{SESSIONS}/end-others").json() == {"ended": 0}


def test_a_new_password_ends_the_others(world: World, ann: Person) -> None:
    mine, other = world.client(ann), world.client(ann)
    change = {"current_password": PASSWORD, "new_password": "quite another one"}
    assert mine.post("/v1/me/password", json=change).status_code == 204
    assert [is_open(mine), is_open(other)] == [True, False]
    assert len(listed(mine)) == 1


@pytest.mark.parametrize("deed", ["one", "others", "password"])
def test_another_process_knows_within_two_seconds(world: World, ann: Person, deed: str) -> None:
    mine, lost = world.client(ann), world.client(ann)
    with other_process(world, lost) as elsewhere:
        [number] = [one["id"] for one in listed(elsewhere) if one["current"]]
        paths = {"one": f"{SESSIONS}/{number}/end", "others": f"{SESSIONS}/end-others", "password": "/v1/me/password"}
        body = {"current_password": PASSWORD, "new_password": "quite another one"} if deed == "password" else None
        assert mine.post(paths[deed], json=body).status_code < 300
        assert not is_open(lost)
        # It may believe what it read, and no longer than that.
        world.clock.move(seconds=1.999)
        assert is_open(elsewhere)
        world.clock.move(seconds=0.001)
        assert not is_open(elsewhere)
