"""The demo's stage: a team on a plan whose next reset is near, packages to change to, clean books."""

from __future__ import annotations

from ccmanage.core.clock import DAY
from ccmanage.core.money import NANO
from ccmanage.demo.cast import KEYS, PACKAGES, TEAM, TEAM_PACKAGE
from ccmanage.demo.stage import is_empty, set_stage
from support.plans import assert_clean, renew
from support.world import World


def test_a_newcomer_sees_a_plan_and_others_to_choose(world: World) -> None:
    world.person("Root", admin=True)
    assert is_empty(world.runtime)
    stage = set_stage(world.runtime)
    assert not is_empty(world.runtime)
    assert stage.key_ids.keys() == {key.name for key in KEYS}
    [team] = world.rows("workspaces", f"name = '{TEAM}'")
    with world.read() as scope:
        plan = scope.subscription_views.find(team["id"])
        offers = scope.packages.offers()
        credits = scope.credits.standing(team["id"])
    assert plan is not None
    assert (plan.package.name, plan.standing.zone) == (TEAM_PACKAGE, "Europe/Berlin")
    assert 6 * DAY < plan.standing.resets_at - world.clock.now_ms() < 11 * DAY
    assert [offer.package.name for offer in offers] == [package.name for package in PACKAGES]
    # Several grants, so that it matters which burns first.
    assert credits.balance.balance_nano == (15 + 120 + 100) * NANO
    assert_clean(world)
    world.clock.move(days=11)
    renew(world)
    assert world.count("renewals") == 2
    assert_clean(world)
