"""Owners are told by mail when their plan changed or ended; a reset on time is no news."""

from __future__ import annotations

from ccmanage.core.clock import DAY
from ccmanage.core.money import NANO
from ccmanage.core.pagination import PageRequest
from ccmanage.packages.rules import Period, PeriodKind
from ccmanage.subscriptions.bulk import Deed, Stretch
from ccmanage.subscriptions.models import Timing
from support.plans import assert_clean, publish, renew, subscribed
from support.world import World

DAILY = Period(PeriodKind.DAY)


def letters(world: World) -> list[tuple[str, str, dict[str, str]]]:
    with world.scope() as scope:
        page = scope.email.page(PageRequest(limit=50))
    return [(one.row.template, one.address, dict(one.values)) for one in reversed(page.items)]


def test_a_reset_on_time_is_no_news_and_an_end_is(world: World) -> None:
    person, view = subscribed(world, period=DAILY, ends_at=world.clock.now + 2 * DAY)
    for _ in range(4):
        world.clock.move(days=1)
        renew(world)
    [(template, address, values)] = letters(world)
    assert (template, address) == ("subscriptions.ended", person.email)
    assert (values["package"], values["workspace"]) == (view.package.name, person.workspace.name)
    assert_clean(world)


def test_a_change_is_told_when_it_takes_effect(world: World) -> None:
    person, view = subscribed(world, period=DAILY)
    other = publish(world, period=DAILY, name="Larger", allowance_nano=500 * NANO)
    with world.scope() as scope:
        deed = Deed(dry_run=False, reason="a larger one for all")
        scope.subscription_bulk.move([view.version.id], other.version, Timing.PERIOD_END, Stretch(), deed)
    assert letters(world) == []
    for _ in range(3):
        world.clock.move(days=1)
        renew(world)
    [(template, address, values)] = letters(world)
    assert (template, address) == ("subscriptions.changed", person.email)
    assert (values["previous"], values["package"]) == (view.package.name, "Larger")
    assert_clean(world)
