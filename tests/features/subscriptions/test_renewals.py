"""Every period is opened once, in order, however late; what its package promises is in the ledger."""

from __future__ import annotations

import pytest

from ccmanage.core.clock import DAY, HOUR, parse_rfc3339, to_rfc3339
from ccmanage.core.money import NANO
from ccmanage.packages.rules import OverdraftTerms, Period, PeriodKind, RolloverTerms, TrialTerms
from ccmanage.subscriptions.states import Cause, State
from support.gateway import COST, Gateway
from support.plans import (
    assert_clean,
    assign,
    balance,
    ledger,
    plan_of,
    publish,
    renew,
    spend,
    subscribed,
)
from support.world import World

DAILY = Period(PeriodKind.DAY)
ALL = RolloverTerms(percent=100)


def causes(world: World) -> list[str]:
    return [Cause(row["cause"]).name.lower() for row in world.rows("renewals", "1=1 ORDER BY id")]


def gateway_of(world: World, **changes: object) -> Gateway:
    gateway = Gateway.of(world, credits=None)
    assign(world, gateway.person.workspace, publish(world, **changes))
    return gateway


def test_a_new_subscription_gives_its_allowance_at_once(world: World) -> None:
    person, view = subscribed(world)
    assert view.standing.state is State.ACTIVE
    assert to_rfc3339(view.standing.period_end_at) == "2026-12-23T07:00:00.000Z"
    [grant] = world.rows("grants")
    assert (grant["amount_nano"], grant["remaining_nano"], grant["origin"], grant["priority"]) == (
        100 * NANO,
        100 * NANO,
        2,
        20,
    )
    assert grant["expires_at"] == view.standing.period_end_at
    assert balance(world, person.workspace) == (100 * NANO, 0)
    assert causes(world) == ["assigned"]
    assert_clean(world)


def test_nothing_happens_before_the_period_is_over(world: World) -> None:
    _person, view = subscribed(world)
    world.clock.now = view.standing.period_end_at - 1
    renew(world)
    assert causes(world) == ["assigned"]
    world.clock.now += 1
    renew(world)
    renew(world)
    assert causes(world) == ["assigned", "renewed"]


def test_what_is_left_expires_and_the_new_allowance_comes_in_one_step(world: World) -> None:
    gateway = gateway_of(world, period=DAILY)
    workspace = gateway.person.workspace
    spend(gateway, 30)
    world.clock.move(days=1)
    renew(world)
    old, new = [row["id"] for row in world.rows("grants", "1=1 ORDER BY id")]
    assert ledger(world, workspace) == [
        ("grant", 100 * NANO, old),
        ("usage", -30 * NANO, old),
        ("expiry", -70 * NANO, old),
        ("grant", 100 * NANO, new),
    ]
    assert balance(world, workspace) == (100 * NANO, 0)
    [before, after] = world.rows("renewals", "1=1 ORDER BY id")
    assert before["end_at"] == after["start_at"] == world.clock.now
    assert {row["ref_id"] for row in world.rows("ledger", "ref_kind = 4 AND kind <> 1 OR seq = 4")} == {after["id"]}
    assert_clean(world)


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (RolloverTerms(), 0),
        (RolloverTerms(percent=50), 35),
        (RolloverTerms(percent=100), 70),
        (RolloverTerms(percent=100, cap_nano=20 * NANO), 20),
    ],
)
def test_what_the_rule_keeps_goes_into_a_new_grant(world: World, rule: RolloverTerms, kept: int) -> None:
    gateway = gateway_of(world, period=DAILY, rollover=rule)
    spend(gateway, 30)
    world.clock.move(days=1)
    renew(world)
    assert balance(world, gateway.person.workspace) == ((100 + kept) * NANO, 0)
    rolled = [row for row in world.rows("grants") if row["renewal_id"] == 0]
    assert [row["remaining_nano"] for row in rolled] == ([kept * NANO] if kept else [])
    assert_clean(world)


def test_the_cap_counts_all_that_was_rolled_over(world: World) -> None:
    person, _view = subscribed(world, period=DAILY, rollover=RolloverTerms(100, cap_nano=130 * NANO))
    for expected in (200, 230, 230):
        world.clock.move(days=1)
        renew(world)
        assert balance(world, person.workspace) == (expected * NANO, 0)
    assert_clean(world)


def test_what_rolled_over_lives_for_so_many_periods(world: World) -> None:
    person, _view = subscribed(world, period=DAILY, rollover=RolloverTerms(percent=10, max_periods=2))
    seen = []
    for _ in range(4):
        world.clock.move(days=1)
        renew(world)
        seen.append(balance(world, person.workspace)[0] // NANO)
    assert seen == [110, 120, 120, 120]
    assert_clean(world)


def test_what_rolled_over_and_ends_with_the_period_burns_first(world: World) -> None:
    gateway = gateway_of(world, period=DAILY, rollover=RolloverTerms(percent=100, max_periods=1))
    world.clock.move(days=1)
    renew(world)
    spend(gateway, 130)
    rolled, new = world.rows("grants", "state <> 3 ORDER BY id")
    assert (rolled["renewal_id"], rolled["remaining_nano"], new["remaining_nano"]) == (0, 0, 70 * NANO)


def test_every_missed_period_is_accounted_for_in_order(world: World) -> None:
    """Fault row 36: nobody renews for three periods."""
    person, view = subscribed(world, period=DAILY, rollover=RolloverTerms(percent=50, max_periods=1))
    start = view.standing.period_start_at
    world.clock.move(days=3, hours=5)
    renew(world)
    starts = [row["start_at"] for row in world.rows("renewals", "1=1 ORDER BY id")]
    assert starts == [start + number * DAY for number in range(4)]
    kinds = [kind for kind, _amount, _grant in ledger(world, person.workspace)]
    assert kinds == [
        "grant",
        *("rollover", "expiry", "rollover", "grant"),
        *("expiry", "rollover", "expiry", "rollover", "grant"),
        *("expiry", "rollover", "expiry", "rollover", "grant"),
    ]
    assert balance(world, person.workspace) == (150 * NANO, 0)
    assert plan_of(world, person.workspace).standing.period_start_at == start + 3 * DAY
    assert_clean(world)


def test_more_missed_periods_than_one_transaction_takes_are_all_there(world: World) -> None:
    _person, _view = subscribed(world, period=Period(PeriodKind.HOUR, 5))
    world.clock.move(days=25)
    renew(world)
    assert world.count("renewals") == 25 * 24 // 5 + 1
    assert_clean(world)


def test_other_credits_expire_in_between_as_if_somebody_had_looked(world: World) -> None:
    """A top-up that ends between two missed boundaries does not repay a debt that came later."""
    gateway = gateway_of(world, period=DAILY, allowance_nano=10 * NANO)
    workspace = gateway.person.workspace
    world.grant(workspace, "5", expires_at=world.clock.now + DAY + HOUR)
    world.clock.move(days=2)
    renew(world)
    kinds = [kind for kind, _amount, _grant in ledger(world, workspace)]
    assert kinds == ["grant", "grant", "expiry", "grant", "expiry", "expiry", "grant"]
    assert_clean(world)


def test_usage_before_the_renewal_belongs_to_the_old_period(world: World) -> None:
    """Fault row 39: the order of the locks decides, and nothing is lost or doubled."""
    gateway = gateway_of(world, period=DAILY, rollover=ALL)
    workspace = gateway.person.workspace
    world.grant(workspace, "1000")
    world.clock.move(days=1, minutes=3)
    gateway.charge(gateway.event())
    renew(world)
    gateway.charge(gateway.event())
    assert balance(world, workspace) == (1_200 * NANO - 2 * COST, 0)
    old, top_up, rolled, new = world.rows("grants", "1=1 ORDER BY id")
    assert (old["remaining_nano"], rolled["amount_nano"]) == (0, 100 * NANO - COST)
    # What rolled over for ever burns after the allowance, which ends; bought credits burn last.
    assert (new["remaining_nano"], rolled["remaining_nano"]) == (100 * NANO - COST, 100 * NANO - COST)
    assert top_up["remaining_nano"] == 1_000 * NANO
    assert_clean(world)


@pytest.mark.parametrize(
    ("rule", "debt"),
    [
        (OverdraftTerms(), 5),
        (OverdraftTerms(20 * NANO, forgiven=False), 5),
        (OverdraftTerms(20 * NANO, forgiven=True), 0),
        (OverdraftTerms(3 * NANO, forgiven=True), 2),
    ],
)
def test_debt_is_forgiven_or_repaid_by_the_next_allowance(world: World, rule: OverdraftTerms, debt: int) -> None:
    gateway = gateway_of(world, period=DAILY, overdraft=rule)
    workspace = gateway.person.workspace
    spend(gateway, 105)
    assert balance(world, workspace) == (-5 * NANO, 5 * NANO)
    world.clock.move(days=1)
    renew(world)
    assert balance(world, workspace) == ((100 - debt) * NANO, 0)
    forgiven = sum(amount for kind, amount, _grant in ledger(world, workspace) if kind == "forgiveness")
    assert forgiven == (5 - debt) * NANO
    assert_clean(world)


def test_the_overdraft_rule_is_copied_onto_the_balance(world: World) -> None:
    person, view = subscribed(world, overdraft=OverdraftTerms(7 * NANO))
    assert world.rows("balances", f"workspace_id = {person.workspace.id}")[0]["overdraft_nano"] == 7 * NANO
    with world.scope() as scope:
        scope.subscriptions.extend(view.row.public_id, world.clock.now + 1, "ends")
    world.clock.move(days=40)
    renew(world)
    assert plan_of(world, person.workspace).standing.state is State.PAST_END
    assert world.rows("balances", f"workspace_id = {person.workspace.id}")[0]["overdraft_nano"] == 0


def test_a_trial_comes_first_and_once(world: World) -> None:
    trial = TrialTerms(days=14, allowance_nano=10 * NANO)
    person = world.person("Ann")
    offer = publish(world, trial=trial)
    view = assign(world, person.workspace, offer)
    assert view.standing.state is State.TRIALING
    assert balance(world, person.workspace) == (10 * NANO, 0)
    world.clock.move(days=14)
    renew(world)
    view = plan_of(world, person.workspace)
    assert (view.standing.state, view.standing.anchor_at) == (State.ACTIVE, world.clock.now)
    assert balance(world, person.workspace) == (100 * NANO, 0)
    assert causes(world) == ["trial_started", "trial_ended"]
    with world.scope() as scope:
        scope.subscriptions.extend(view.row.public_id, world.clock.now + 1, "ends")
    world.clock.move(days=40)
    renew(world)
    again = assign(world, person.workspace, offer)
    assert again.standing.state is State.ACTIVE
    assert_clean(world)


def test_an_anchor_in_the_past_puts_the_period_on_its_grid(world: World) -> None:
    person = world.person()
    view = assign(
        world,
        person.workspace,
        publish(world),
        anchor_at=parse_rfc3339("2026-01-31T00:00:00+01:00"),
        zone="Europe/Berlin",
    )
    assert to_rfc3339(view.standing.period_start_at) == "2026-10-30T23:00:00.000Z"
    assert [to_rfc3339(at) for at in view.next_resets(3)] == [
        "2026-11-29T23:00:00.000Z",
        "2026-12-30T23:00:00.000Z",
        "2027-01-30T23:00:00.000Z",
    ]


def test_once_is_given_once_and_stays(world: World) -> None:
    person, view = subscribed(world, period=Period(PeriodKind.ONCE))
    assert view.standing.resets_at == 0
    world.clock.move(days=4_000)
    renew(world)
    assert causes(world) == ["assigned"]
    assert balance(world, person.workspace) == (100 * NANO, 0)


def test_a_subscription_that_cannot_be_renewed_is_set_aside_alone(world: World) -> None:
    offer = publish(world, period=DAILY)
    people = [world.person(f"P{number}") for number in range(7)]
    for person in people:
        assign(world, person.workspace, offer)
    broken = people[3].workspace
    with world.scope() as scope:
        scope.session.connection().exec_driver_sql(
            f"UPDATE subscriptions SET zone = x'{b'Mars/Olympus'.hex()}' WHERE workspace_id = {broken.id}"
        )
    world.clock.move(days=1)
    renew(world)
    assert world.count("renewals") == 7 + 6
    view = plan_of(world, broken)
    assert view.row.tries == 1
    assert b"Mars/Olympus" in view.row.error
    assert view.row.next_attempt_at > world.clock.now
    renew(world)
    assert plan_of(world, broken).row.tries == 1
    with world.scope() as scope:
        scope.session.connection().exec_driver_sql(
            f"UPDATE subscriptions SET zone = x'{b'UTC'.hex()}' WHERE workspace_id = {broken.id}"
        )
    world.clock.move(minutes=5)
    renew(world)
    assert world.count("renewals") == 14
    assert plan_of(world, broken).row.tries == 0
    assert_clean(world)


def test_a_renewal_cannot_be_rewritten(world: World) -> None:
    subscribed(world)
    for statement in ("UPDATE renewals SET at = 1", "DELETE FROM renewals"):
        with pytest.raises(Exception, match="append only"), world.scope() as scope:
            scope.session.connection().exec_driver_sql(statement)
