"""Extend, pause, resume, assign again; reset and move many, tried out before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ccmanage.core.clock import DAY
from ccmanage.core.errors import InvalidInput
from ccmanage.core.money import NANO
from ccmanage.packages.rules import OverdraftTerms, Period, PeriodKind, RolloverTerms
from ccmanage.subscriptions.bulk import Deed, Stretch
from ccmanage.subscriptions.errors import AlreadySubscribed, SubscriptionNotFound, WrongState
from ccmanage.subscriptions.models import Timing
from ccmanage.subscriptions.states import GRACE_MS, State
from support.plans import (
    MONTHLY,
    assert_clean,
    assign,
    balance,
    gateway_for,
    plan_of,
    publish,
    renew,
    republish,
    spend,
    subscribed,
)
from support.world import World

DAILY = Period(PeriodKind.DAY)
TRY, DO = Deed(dry_run=True, reason="to see"), Deed(dry_run=False, reason="it was late")


def test_a_workspace_has_one_subscription(world: World) -> None:
    person, _view = subscribed(world)
    with pytest.raises(AlreadySubscribed):
        assign(world, person.workspace, publish(world, name="Second"))


def test_a_subscription_ends_with_a_whole_period_and_can_be_extended(world: World) -> None:
    start = world.clock.now
    person, view = subscribed(world, period=DAILY, ends_at=start + 2 * DAY + 1)
    assert view.standing.ends_at == start + 3 * DAY
    assert view.next_resets(5) == [start + DAY, start + 2 * DAY]
    world.clock.move(days=5)
    renew(world)
    assert plan_of(world, person.workspace).standing.state is State.PAST_END
    assert (world.count("renewals"), balance(world, person.workspace)) == (4, (0, 0))
    with world.scope() as scope:
        revived = scope.subscriptions.extend(view.row.public_id, world.clock.now + DAY // 2, "one more")
    assert (revived.standing.state, revived.standing.period_start_at) == (State.ACTIVE, world.clock.now)
    assert revived.standing.ends_at == world.clock.now + DAY
    assert balance(world, person.workspace) == (100 * NANO, 0)
    world.clock.move(days=1)
    renew(world)
    world.clock.now += GRACE_MS
    renew(world)
    assert plan_of(world, person.workspace).standing.state is State.ENDED
    assign(world, person.workspace, publish(world, name="Another"))
    assert_clean(world)


def test_what_is_past_its_end_makes_room_for_another(world: World) -> None:
    person, view = subscribed(world, period=DAILY, ends_at=world.clock.now + 1)
    world.clock.move(days=2)
    renew(world)
    assign(world, person.workspace, publish(world, name="Another"))
    with world.read() as scope:
        assert scope.subscription_views.get(view.row.public_id).standing.state is State.ENDED
    assert_clean(world)


def test_a_pause_gives_nothing_new_and_a_resumption_begins_anew(world: World) -> None:
    person, view = subscribed(world, period=DAILY, rollover=RolloverTerms(percent=50))
    with world.scope() as scope:
        scope.subscriptions.pause(view.row.public_id, "holidays")
    assert balance(world, person.workspace) == (100 * NANO, 0)
    world.clock.move(days=3)
    renew(world)
    paused = plan_of(world, person.workspace).standing
    assert (paused.state, paused.renewal_id, paused.due_at) == (State.PAUSED, 0, 0)
    assert balance(world, person.workspace) == (50 * NANO, 0)
    with world.scope() as scope:
        resumed = scope.subscriptions.resume(view.row.public_id).standing
    assert (resumed.state, resumed.anchor_at) == (State.ACTIVE, world.clock.now)
    assert balance(world, person.workspace) == (150 * NANO, 0)
    with pytest.raises(WrongState), world.scope() as scope:
        scope.subscriptions.resume(view.row.public_id)
    assert_clean(world)


def test_a_short_pause_changes_nothing(world: World) -> None:
    person, view = subscribed(world)
    with world.scope() as scope:
        scope.subscriptions.pause(view.row.public_id, "by mistake")
        scope.subscriptions.resume(view.row.public_id)
    assert plan_of(world, person.workspace).standing == view.standing
    assert world.count("renewals") == 1


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"zone": "Mars/Olympus"}, "/time_zone"),
        ({"anchor_at": 10**14}, "/anchor_at"),
        ({"ends_at": 1}, "/ends_at"),
    ],
)
def test_nonsense_is_refused(sqlite_world: World, options: dict[str, object], pointer: str) -> None:
    person = sqlite_world.person()
    with pytest.raises(InvalidInput) as refused:
        assign(sqlite_world, person.workspace, publish(sqlite_world), **options)
    assert refused.value.fields[0].pointer == pointer


def test_what_does_not_exist_is_not_found(sqlite_world: World) -> None:
    with pytest.raises(SubscriptionNotFound), sqlite_world.scope() as scope:
        scope.subscriptions.pause(b"\0" * 16, "why")
    with pytest.raises(SubscriptionNotFound), sqlite_world.scope() as scope:
        scope.subscription_bulk.reset([b"\0" * 16], TRY, restart=False)


@pytest.mark.parametrize("restart", [False, True])
def test_a_reset_is_the_periods_end_come_early(world: World, restart: bool) -> None:
    person, view = subscribed(
        world, rollover=RolloverTerms(percent=10), overdraft=OverdraftTerms(50 * NANO, forgiven=True)
    )
    other, second = subscribed(world, "Bob")
    spend(gateway_for(world, person), 130)
    spend(gateway_for(world, other), 40)
    world.clock.move(days=3)
    ids = [view.row.public_id, second.row.public_id]
    with world.scope() as scope:
        tried = scope.subscription_bulk.reset(ids, TRY, restart=restart)
    assert world.count("renewals") == 2
    with world.scope() as scope:
        done = scope.subscription_bulk.reset(ids, DO, restart=restart)
    assert done == tried
    first, last = done
    assert (first.forgiven_nano, first.granted_nano, first.expired_nano) == (30 * NANO, 100 * NANO, 0)
    assert (last.expired_nano, last.kept_nano, last.balance_after_nano) == (60 * NANO, 0, 100 * NANO)
    assert balance(world, person.workspace) == balance(world, other.workspace) == (100 * NANO, 0)
    standing = plan_of(world, person.workspace).standing
    assert (standing.period_end_at == view.standing.period_end_at) is not restart
    assert world.count("audit_log", "action = 'subscriptions.reset'") == 2
    assert_clean(world)


def test_what_is_not_active_is_left_out_of_a_reset(world: World) -> None:
    _person, view = subscribed(world)
    with world.scope() as scope:
        scope.subscriptions.pause(view.row.public_id, "holidays")
        [line] = scope.subscription_bulk.reset([view.row.public_id], DO, restart=False)
    assert line.skipped == "paused"
    assert world.count("renewals") == 1


def test_subscribers_of_old_versions_are_moved_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = publish(world, period=DAILY)
    people = [world.person(f"P{number}") for number in range(5)]
    for person in people:
        assign(world, person.workspace, offer)
    newer = republish(world, offer, replace(MONTHLY, allowance_nano=60 * NANO, period=DAILY))
    with world.read() as scope:
        assert scope.subscription_views.subscribers([offer.version.id, newer.version.id]) == {offer.version.id: 5}
    renew(world)
    assert plan_of(world, people[0].workspace).version.number == 1
    old, target = [offer.version.id, newer.version.id], newer.version
    seen, after = 0, 0
    while True:
        with world.scope() as scope:
            chunk = scope.subscription_bulk.move(old, target, Timing.PERIOD_END, Stretch(after, 3), DO)
        seen += len(chunk.lines)
        if chunk.go_on_after is None:
            break
        after = chunk.go_on_after
    assert seen == 5
    assert world.count("subscriptions", f"pending_version_id = {target.id}") == 5
    world.clock.move(days=1)
    renew(world)
    assert world.count("subscriptions", f"version_id = {target.id}") == 5
    assert {balance(world, person.workspace) for person in people} == {(60 * NANO, 0)}
    assert_clean(world)


def test_subscribers_can_be_moved_at_once(world: World) -> None:
    offer = publish(world, period=DAILY)
    person = world.person()
    assign(world, person.workspace, offer)
    newer = republish(world, offer, replace(MONTHLY, allowance_nano=60 * NANO, period=DAILY))
    world.clock.move(hours=6)
    with world.scope() as scope:
        tried = scope.subscription_bulk.move([offer.version.id], newer.version, Timing.NOW, Stretch(), TRY)
        done = scope.subscription_bulk.move([offer.version.id], newer.version, Timing.NOW, Stretch(), DO)
    assert done == tried
    assert (done.lines[0].kept_nano, done.lines[0].expired_nano, done.lines[0].granted_nano) == (
        75 * NANO,
        25 * NANO,
        60 * NANO,
    )
    assert balance(world, person.workspace) == (135 * NANO, 0)
    assert_clean(world)
