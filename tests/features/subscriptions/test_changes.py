"""What a preview shows is what its application writes, to the last digit; what changed in between refuses it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ccmanage.audit.service import Actor
from ccmanage.core.clock import DAY, HOUR, MINUTE
from ccmanage.core.errors import DomainError
from ccmanage.core.money import NANO
from ccmanage.credits.models import EntryKind
from ccmanage.packages.rules import OverdraftTerms, Period, PeriodKind, RolloverTerms
from ccmanage.packages.service import Offer
from ccmanage.subscriptions.changes import Applied, Change, Preview
from ccmanage.subscriptions.errors import (
    NoPeriodEnd,
    PreviewNotFound,
    PreviewStale,
    PreviewUsed,
    SamePackage,
    SubscriptionNotFound,
    WaitsForPeriodEnd,
)
from ccmanage.subscriptions.lines import EntryLine
from ccmanage.subscriptions.models import Action, Timing
from ccmanage.subscriptions.states import State
from support.gateway import COST, Gateway
from support.plans import MONTHLY, assert_clean, assign, balance, plan_of, publish, renew, republish
from support.world import Person, World

OWNER = Actor(user_id=7)


def change_to(offer: Offer, timing: Timing | None = None, *, by_owner: bool = True) -> Change:
    return Change(Action.CHANGE, offer, timing, by_owner=by_owner)


def preview(world: World, person: Person, change: Change) -> Preview:
    with world.runtime.scope(OWNER) as scope:
        return scope.subscription_changes.preview(person.workspace.id, change)


def apply(world: World, person: Person, shown: Preview, change: Change, actor: Actor = OWNER) -> Applied:
    with world.runtime.scope(actor) as scope:
        return scope.subscription_changes.apply(person.workspace.id, shown.public_id, change)


def without_ids(lines: object) -> list[EntryLine]:
    return [replace(line, grant_id=None) for line in lines]  # type: ignore[attr-defined]


@pytest.fixture
def small(world: World) -> Offer:
    return publish(world, name="Small")


@pytest.fixture
def large(world: World) -> Offer:
    return publish(world, name="Large", allowance_nano=300 * NANO, overdraft=OverdraftTerms(9 * NANO))


@pytest.fixture
def gateway(world: World, small: Offer) -> Gateway:
    gateway = Gateway.of(world, credits=None)
    assign(world, gateway.person.workspace, small)
    return gateway


def test_an_upgrade_writes_what_its_preview_showed(world: World, gateway: Gateway, large: Offer) -> None:
    person = gateway.person
    gateway.charge(*[gateway.event() for _ in range(7)])
    world.clock.move(days=10, hours=3, seconds=0.123)
    shown = preview(world, person, change_to(large))
    assert shown.timing is Timing.NOW
    assert [line.part for line in shown.entries] == ["old_allowance", "old_allowance", "kept", "new_allowance"]
    before = balance(world, person.workspace)
    world.clock.move(minutes=2)
    done = apply(world, person, shown, change_to(large))
    assert without_ids(done.entries) == without_ids(shown.entries) == without_ids(done.previewed)
    assert done.used_between_nano == 0
    # What was left, in proportion to the time that was left, rounded down to the nano; the rest expired.
    length, rest = 30 * DAY, 30 * DAY - (10 * DAY + 3 * HOUR + 123)
    left = before[0]
    kept = left * rest // length
    assert [line.amount_nano for line in done.entries] == [-kept, kept - left, kept, 300 * NANO]
    assert balance(world, person.workspace) == (kept + 300 * NANO, 0)
    view = plan_of(world, person.workspace)
    assert (view.package.name, view.standing.anchor_at) == ("Large", shown.effective_at)
    assert world.rows("balances")[0]["overdraft_nano"] == 9 * NANO
    assert_clean(world)


def test_usage_that_comes_between_is_the_only_difference(world: World, gateway: Gateway, large: Offer) -> None:
    world.clock.move(days=15)
    shown = preview(world, gateway.person, change_to(large))
    gateway.charge(gateway.event())
    done = apply(world, gateway.person, shown, change_to(large))
    assert done.used_between_nano == COST
    assert without_ids(done.previewed) == without_ids(shown.entries)
    # Half of the time was left, so half of what was used is missing from what is kept, the rest from what expired.
    assert [line.amount_nano for line in done.entries] == [
        -(100 * NANO - COST) // 2,
        -(100 * NANO - COST) // 2,
        (100 * NANO - COST) // 2,
        300 * NANO,
    ]
    assert_clean(world)


def test_a_downgrade_waits_for_the_periods_end(world: World, gateway: Gateway, large: Offer, small: Offer) -> None:
    person = gateway.person
    apply(world, person, preview(world, person, change_to(large)), change_to(large))
    shown = preview(world, person, change_to(small))
    assert (shown.timing, shown.entries) == (Timing.PERIOD_END, [])
    # What the upgrade kept of the first package ends with the period, too.
    assert [line.kind for line in shown.later] == [EntryKind.EXPIRY, EntryKind.EXPIRY, EntryKind.GRANT]
    assert apply(world, person, shown, change_to(small)).entries == []
    view = plan_of(world, person.workspace)
    assert (view.package.name, view.pending_package.name if view.pending_package else "") == ("Large", "Small")
    world.clock.now = shown.effective_at
    renew(world)
    view = plan_of(world, person.workspace)
    assert (view.package.name, view.pending) == ("Small", None)
    amounts = [row["amount_nano"] for row in world.rows("ledger", "1=1 ORDER BY seq DESC LIMIT 3")]
    assert amounts[::-1] == [line.amount_nano for line in shown.later]
    assert_clean(world)


def test_other_periods_are_counted_from_the_change_on(world: World, gateway: Gateway) -> None:
    weekly = publish(world, name="Weekly", allowance_nano=20 * NANO, period=Period(PeriodKind.WEEK))
    shown = preview(world, gateway.person, change_to(weekly))
    assert shown.timing is Timing.PERIOD_END
    apply(world, gateway.person, shown, change_to(weekly))
    world.clock.now = shown.effective_at + 8 * DAY
    renew(world)
    standing = plan_of(world, gateway.person.workspace).standing
    assert (standing.anchor_at, standing.period_start_at) == (shown.effective_at, shown.effective_at + 7 * DAY)
    assert_clean(world)


def test_an_owner_cannot_end_a_period_before_its_time(world: World, gateway: Gateway, large: Offer) -> None:
    person = gateway.person
    tiny = publish(world, name="Tiny", allowance_nano=NANO)
    for change in (change_to(tiny, Timing.NOW), Change(Action.CANCEL, timing=Timing.NOW)):
        with pytest.raises(WaitsForPeriodEnd):
            preview(world, person, change)
    assert preview(world, person, change_to(tiny, Timing.NOW, by_owner=False)).timing is Timing.NOW
    # What was shown to somebody who may do more is not carried out for somebody who may do less.
    shown = preview(world, person, change_to(tiny, Timing.NOW, by_owner=False))
    with pytest.raises(WaitsForPeriodEnd):
        apply(world, person, shown, change_to(tiny))


def test_what_comes_once_is_not_had_twice(world: World, gateway: Gateway) -> None:
    welcome = publish(world, name="Welcome", period=Period(PeriodKind.ONCE), allowance_nano=500 * NANO)
    small = publish(world, name="Other", allowance_nano=50 * NANO)
    person = gateway.person
    apply(world, person, preview(world, person, change_to(welcome)), change_to(welcome))
    with pytest.raises(NoPeriodEnd):
        preview(world, person, change_to(small, Timing.PERIOD_END))
    apply(world, person, preview(world, person, change_to(small)), change_to(small))
    # Of a period without an end everything is kept.
    assert balance(world, person.workspace)[0] > 550 * NANO
    for by_owner, refused in ((True, True), (False, False)):
        change = change_to(welcome, Timing.NOW, by_owner=by_owner)
        if refused:
            with pytest.raises(SamePackage):
                preview(world, person, change)
        else:
            preview(world, person, change)


def test_cancelling_waits_ends_everything_and_can_be_taken_back(world: World, gateway: Gateway) -> None:
    person, cancel = gateway.person, Change(Action.CANCEL)
    shown = preview(world, person, cancel)
    assert [line.kind for line in shown.later] == [EntryKind.EXPIRY]
    apply(world, person, shown, cancel)
    view = plan_of(world, person.workspace)
    assert (view.standing.state, view.standing.cancels, view.standing.resets_at) == (State.ACTIVE, True, 0)
    with world.scope() as scope:
        assert not scope.subscriptions.keep(view.row.public_id).standing.cancels
    apply(world, person, preview(world, person, cancel), cancel)
    world.clock.now = shown.effective_at
    renew(world)
    view = plan_of(world, person.workspace)
    assert (view.standing.state, view.row.live_workspace_id) == (State.CANCELLED, None)
    assert balance(world, person.workspace) == (0, 0)
    with pytest.raises(SubscriptionNotFound):
        preview(world, person, cancel)
    assert_clean(world)


def test_a_first_subscription_is_previewed_too(world: World, small: Offer) -> None:
    person = world.person("Bob")
    change = replace(change_to(small), zone="Asia/Shanghai")
    shown = preview(world, person, change)
    assert shown.before is None
    done = apply(world, person, shown, change)
    assert without_ids(done.entries) == without_ids(shown.entries)
    assert done.view.standing.zone == "Asia/Shanghai"
    with pytest.raises(PreviewUsed):
        apply(world, person, shown, change)
    assert_clean(world)


def test_a_renewal_in_between_makes_a_preview_stale(world: World, gateway: Gateway, large: Offer) -> None:
    world.clock.now = plan_of(world, gateway.person.workspace).standing.period_end_at - MINUTE
    shown = preview(world, gateway.person, change_to(large))
    world.clock.move(minutes=1)
    with pytest.raises(PreviewStale):
        apply(world, gateway.person, shown, change_to(large))


def test_a_new_version_makes_a_preview_stale(world: World, gateway: Gateway, large: Offer) -> None:
    shown = preview(world, gateway.person, change_to(large))
    republish(world, large, replace(MONTHLY, allowance_nano=299 * NANO))
    with pytest.raises(PreviewStale):
        apply(world, gateway.person, shown, change_to(large))


def test_a_preview_is_good_for_an_hour(world: World, gateway: Gateway, large: Offer) -> None:
    shown = preview(world, gateway.person, change_to(large))
    world.clock.now = shown.valid_until + 1
    with pytest.raises(PreviewStale):
        apply(world, gateway.person, shown, change_to(large))


@pytest.mark.parametrize("case", ["twice", "other person", "other workspace", "other action"])
def test_a_preview_is_carried_out_once_by_whom_it_was_shown_to(
    world: World, gateway: Gateway, large: Offer, case: str
) -> None:
    shown = preview(world, gateway.person, change_to(large))
    person, change, actor, error = gateway.person, change_to(large), OWNER, PreviewNotFound
    expected: type[DomainError] = error
    if case == "twice":
        apply(world, person, shown, change)
        expected = PreviewUsed
    elif case == "other person":
        actor = Actor(user_id=8)
    elif case == "other workspace":
        person = world.person("Eve")
    else:
        change = Change(Action.CANCEL)
    with pytest.raises(expected):
        apply(world, person, shown, change, actor)


def test_the_same_package_is_no_change(world: World, gateway: Gateway, small: Offer) -> None:
    with pytest.raises(SamePackage):
        preview(world, gateway.person, change_to(small))


def test_a_preview_renews_what_is_due_first(world: World, gateway: Gateway, large: Offer) -> None:
    world.clock.move(days=95)
    shown = preview(world, gateway.person, change_to(large))
    assert world.count("renewals") == 4
    done = apply(world, gateway.person, shown, change_to(large))
    assert without_ids(done.entries) == without_ids(shown.entries)
    assert_clean(world)


def test_what_rolled_over_before_stays_as_it_is(world: World) -> None:
    rolling = publish(world, name="Rolling", rollover=RolloverTerms(percent=50))
    large = publish(world, name="Large", allowance_nano=300 * NANO)
    gateway = Gateway.of(world, credits=None)
    assign(world, gateway.person.workspace, rolling)
    world.clock.move(days=30)
    renew(world)
    world.clock.move(days=15, hours=12)
    shown = preview(world, gateway.person, change_to(large))
    apply(world, gateway.person, shown, change_to(large))
    # 50 rolled over, half of the 100 that were left is kept, 300 are new.
    assert balance(world, gateway.person.workspace) == (400 * NANO, 0)
    assert_clean(world)
