"""Moves of subscribers in the background: begun once, done chunk by chunk, stopped, and never stuck at one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from ccmanage.core.ids import PACKAGE, encode_id
from ccmanage.core.money import NANO
from ccmanage.packages.service import Offer
from ccmanage.subscriptions import moving
from ccmanage.subscriptions.desk import Desk
from support.plans import assert_clean, assign, publish, republish
from support.world import World

PEOPLE = 7


@pytest.fixture
def old(world: World) -> Offer:
    offer = publish(world)
    for number in range(PEOPLE):
        assign(world, world.person(f"Person {number}").workspace, offer)
    return offer


@pytest.fixture
def new(world: World, old: Offer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offer]:
    monkeypatch.setattr(moving, "MAX_AT_ONCE", 3)
    offer = republish(world, old, replace(old.version.terms, allowance_nano=60 * NANO))
    world.clock.move(days=1)
    yield offer
    assert_clean(world)


@pytest.fixture
def admin(world: World, new: Offer) -> TestClient:
    assert new.version.number == 2  # time has passed by then: the session is younger
    return world.client(world.person("Root", admin=True))


def path_of(offer: Offer) -> str:
    return f"/v1/admin/packages/{encode_id(PACKAGE, offer.package.public_id)}/moves"


def begin(admin: TestClient, offer: Offer, **body: Any) -> dict[str, Any]:
    answer = admin.post(path_of(offer), json={"reason": "better terms", "when": "now", **body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def newest(admin: TestClient, offer: Offer) -> dict[str, Any]:
    return dict(admin.get(path_of(offer)).json()["items"][0])


def test_all_are_moved_and_counted(world: World, admin: TestClient, old: Offer, new: Offer) -> None:
    row = world.rows("subscriptions", "1=1 ORDER BY id")[1]
    world.runtime.run(lambda scope: scope.subscriptions.pause(bytes(row["public_id"]), "on leave"))
    begun = begin(admin, new)
    assert (begun["state"], begun["total"], begun["moved"], begun["ended_at"]) == ("running", PEOPLE, 0, None)
    assert (begun["to_package"], begun["to_version"], begun["from_version"]) == ("Team", 2, None)
    assert world.runtime.mover.run() is False
    done = newest(admin, old)
    assert done["id"] == begun["id"]
    assert (done["state"], done["moved"], done["skipped"], done["failed"]) == ("done", PEOPLE - 1, 1, 0)
    assert done["ended_at"] is not None
    assert world.count("subscriptions", f"version_id = {new.version.id}") == PEOPLE - 1
    # Who asked stands behind each; the reason is kept once, where reasons are.
    assert world.count("audit_log", f"action = 'subscriptions.change' AND actor_user_id = {root(world)}") == PEOPLE - 1
    assert world.count("audit_log", "action = 'packages.start_move'") == 1


def root(world: World) -> int:
    return int(world.rows("users", "role = 1")[0]["id"])


def test_who_subscribes_later_is_left_alone(world: World, admin: TestClient, old: Offer, new: Offer) -> None:
    begin(admin, new, when="period_end")
    late = assign(world, world.person("Late").workspace, old)
    world.runtime.mover.run()
    assert newest(admin, new)["moved"] == PEOPLE
    assert world.count("subscriptions", f"pending_version_id = {new.version.id}") == PEOPLE
    assert world.rows("subscriptions", f"id = {late.standing.id}")[0]["pending_version_id"] == 0


def test_one_runs_at_a_time_and_can_be_stopped(world: World, admin: TestClient, new: Offer) -> None:
    begun = begin(admin, new)
    again = admin.post(path_of(new), json={"reason": "once more", "when": "now"})
    assert (again.status_code, again.json()["code"]) == (409, "move.under_way")
    stops = iter([False, True, True])
    # One chunk, then the process is told to stop: something is left.
    assert world.runtime.mover.run(should_stop=lambda: next(stops)) is True
    assert newest(admin, new)["moved"] == 3
    for _ in range(2):
        stopped = admin.post(f"{path_of(new)}/{begun['id']}/stop", json={}).json()
        assert (stopped["state"], stopped["moved"]) == ("stopped", 3)
    assert world.runtime.mover.run() is False
    assert world.count("subscriptions", f"version_id = {new.version.id}") == 3
    # The next one takes those who are left.
    assert begin(admin, new)["total"] == PEOPLE - 3
    world.runtime.mover.run()
    assert world.count("subscriptions", f"version_id = {new.version.id}") == PEOPLE


def test_a_stop_that_comes_too_late_and_strangers(world: World, admin: TestClient, new: Offer) -> None:
    begun = begin(admin, new)
    world.runtime.mover.run()
    assert admin.post(f"{path_of(new)}/{begun['id']}/stop", json={}).json()["state"] == "done"
    other = publish(world, name="Other")
    assert admin.post(f"{path_of(other)}/{begun['id']}/stop", json={}).status_code == 404
    nobody = admin.post(path_of(new), json={"reason": "x"})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "move.nobody")


@pytest.mark.parametrize("place", [1, 4, PEOPLE])
def test_one_that_cannot_be_moved_holds_nobody_up(
    world: World, admin: TestClient, new: Offer, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    begin(admin, new)
    whole, blamed = Desk.carry_out, world.rows("subscriptions", "1=1 ORDER BY id")[place - 1]["id"]

    def broken(desk: Desk, turns: Any) -> Any:
        if any(turn.before.id == blamed for turn in turns):
            raise ValueError("a fault of this one")
        return whole(desk, turns)

    monkeypatch.setattr(Desk, "carry_out", broken)
    assert world.runtime.mover.run() is False
    done = newest(admin, new)
    assert (done["state"], done["moved"], done["failed"]) == ("done", PEOPLE - 1, 1)
    assert world.count("subscriptions", f"version_id = {new.version.id}") == PEOPLE - 1
