"""Keys that exceed a plan rest from the very transaction on that makes the plan smaller."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ccmanage.core.money import NANO
from ccmanage.packages.limits import KeyLimits
from ccmanage.packages.service import Offer
from ccmanage.subscriptions.bulk import Deed, Stretch
from ccmanage.subscriptions.changes import Change
from ccmanage.subscriptions.models import Action, Timing
from support.plans import MONTHLY, assert_clean, assign, publish, renew, republish
from support.world import Person, World

NAMES = ("first", "second", "third")


@pytest.fixture
def ann(world: World) -> Person:
    person = world.person("Ann")
    for name in NAMES:
        world.key(person, name)
    return person


@pytest.fixture
def wide(world: World, ann: Person) -> Offer:
    offer = publish(world, name="Wide", key_limits=KeyLimits(max_keys=3))
    assign(world, ann.workspace, offer)
    assert resting(world) == []
    return offer


@pytest.fixture
def narrow(world: World) -> Offer:
    # It gives more, so that an owner gets it at once, but allows fewer keys.
    return publish(world, name="Narrow", allowance_nano=300 * NANO, key_limits=KeyLimits(max_keys=1))


def resting(world: World) -> list[str]:
    """Return the keys that rest because of the plan, oldest first; the sweep must find nothing left to do."""
    with world.scope() as scope:
        assert scope.key_limits.fit_all() == 0
    return [row["name"] for row in world.rows("api_keys", "disabled_cause = 2 ORDER BY id")]


def change(world: World, person: Person, offer: Offer, timing: Timing | None = None) -> None:
    wanted = Change(Action.CHANGE, offer, timing)
    with world.scope() as scope:
        shown = scope.subscription_changes.preview(person.workspace.id, wanted)
    assert resting(world) == []
    with world.scope() as scope:
        scope.subscription_changes.apply(person.workspace.id, shown.public_id, wanted)


@pytest.mark.usefixtures("wide")
def test_a_change_that_is_carried_out_now(world: World, ann: Person, narrow: Offer) -> None:
    change(world, ann, narrow)
    assert resting(world) == ["second", "third"]
    assert world.count("audit_log", "action = 'keys.disable'") == 2
    assert_clean(world)


@pytest.mark.usefixtures("wide")
def test_a_change_that_waits_for_the_period(world: World, ann: Person, narrow: Offer) -> None:
    change(world, ann, narrow, Timing.PERIOD_END)
    assert resting(world) == []
    world.clock.move(days=32)
    renew(world)
    assert resting(world) == ["second", "third"]
    assert_clean(world)


def test_subscribers_that_are_moved(world: World, wide: Offer) -> None:
    target = republish(world, wide, replace(MONTHLY, key_limits=KeyLimits(max_keys=2)))
    for dry in (True, False):
        with world.scope() as scope:
            deed = Deed(dry_run=dry, reason="for the test")
            scope.subscription_bulk.move([wide.version.id], target.version, Timing.NOW, Stretch(), deed)
        assert resting(world) == ([] if dry else ["third"])


def test_a_first_package(world: World, ann: Person, narrow: Offer) -> None:
    assign(world, ann.workspace, narrow)
    assert resting(world) == ["second", "third"]


def test_a_renewal_and_a_plan_without_a_bound_leave_keys_alone(world: World, ann: Person, wide: Offer) -> None:
    world.clock.move(days=32)
    renew(world)
    assert resting(world) == []
    change(world, ann, publish(world, name="Boundless", allowance_nano=500 * NANO))
    assert resting(world) == []
