"""What happens to a subscription when, as plain values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.core.clock import DAY, HOUR, parse_rfc3339
from ccmanage.core.money import NANO
from ccmanage.packages.rules import (
    OverdraftTerms,
    Period,
    PeriodKind,
    RolloverTerms,
    Terms,
    TrialTerms,
    Version,
    VersionState,
    gives_more,
)
from ccmanage.subscriptions import states
from ccmanage.subscriptions.states import GRACE_MS, Cause, Keeps, Standing, State, Turn

NOW = parse_rfc3339("2026-11-23T07:00:00Z")
MONTH_END = parse_rfc3339("2026-12-23T07:00:00Z")
BASE = Standing(
    id=1,
    public_id=b"\1" * 16,
    workspace_id=9,
    package_id=1,
    version_id=1,
    pending_version_id=0,
    state=State.ACTIVE,
    anchor_at=NOW,
    zone="UTC",
    period_start_at=0,
    period_end_at=0,
    renewal_id=0,
    ends_at=0,
    cancels=False,
    paused_at=0,
)


def version(number: int = 1, allowance: int = 100, kind: PeriodKind = PeriodKind.MONTH, **terms: object) -> Version:
    made = Terms(allowance * NANO, Period(kind), **terms)  # type: ignore[arg-type]
    return Version(number, number, 1, VersionState.PUBLISHED, made, NOW, NOW)


MONTHLY = version()
RUNNING = replace(BASE, period_start_at=NOW, period_end_at=MONTH_END, renewal_id=5)


def turn(found: Turn | Standing) -> Turn:
    assert isinstance(found, Turn)
    return found


def test_the_first_period_begins_with_the_whole_allowance() -> None:
    begun = states.begin(BASE, MONTHLY, NOW, trial=False)
    assert (begun.cause, begun.at, begun.allowance) == (Cause.ASSIGNED, NOW, 100 * NANO)
    assert (begun.after.period_start_at, begun.after.period_end_at) == (NOW, MONTH_END)
    assert begun.after.due_at == begun.after.resets_at == MONTH_END


def test_an_earlier_anchor_finds_the_period_that_runs() -> None:
    begun = states.begin(replace(BASE, anchor_at=NOW - 40 * DAY), MONTHLY, NOW, trial=False)
    assert begun.at < NOW < begun.after.period_end_at


def test_a_trial_has_its_own_length_and_allowance() -> None:
    with_trial = version(trial=TrialTerms(3, 7 * NANO))
    begun = states.begin(BASE, with_trial, NOW, trial=True)
    assert (begun.cause, begun.allowance) == (Cause.TRIAL_STARTED, 7 * NANO)
    assert (begun.after.state, begun.after.period_end_at) == (State.TRIALING, NOW + 3 * DAY)
    ended = states.when_due(begun.after, with_trial, None)
    assert (ended.cause, ended.keeps, ended.allowance) == (Cause.TRIAL_ENDED, Keeps.NOTHING, 100 * NANO)
    assert (ended.after.state, ended.after.anchor_at) == (State.ACTIVE, NOW + 3 * DAY)


def test_a_due_period_is_renewed_by_the_rule() -> None:
    renewed = states.when_due(RUNNING, MONTHLY, None)
    assert (renewed.cause, renewed.keeps, renewed.at) == (Cause.RENEWED, Keeps.BY_RULE, MONTH_END)
    assert renewed.after.anchor_at == NOW
    assert renewed.after.period_start_at == MONTH_END


def test_a_pending_package_begins_with_the_period() -> None:
    other = version(2, 10)
    changed = states.when_due(replace(RUNNING, pending_version_id=2), MONTHLY, other)
    assert (changed.cause, changed.keeps, changed.allowance) == (Cause.CHANGED, Keeps.BY_RULE, 10 * NANO)
    assert (changed.after.version_id, changed.after.pending_version_id, changed.after.anchor_at) == (2, 0, NOW)


@pytest.mark.parametrize("kind", [PeriodKind.WEEK, PeriodKind.ONCE])
def test_other_periods_are_counted_from_the_change(kind: PeriodKind) -> None:
    changed = states.when_due(replace(RUNNING, pending_version_id=2), MONTHLY, version(2, kind=kind))
    assert changed.after.anchor_at == MONTH_END
    assert changed.after.period_end_at == (MONTH_END + 7 * DAY if kind is PeriodKind.WEEK else 0)


def test_a_change_after_a_trial_is_counted_from_its_end() -> None:
    trialing = replace(RUNNING, state=State.TRIALING, pending_version_id=2)
    changed = states.when_due(trialing, MONTHLY, version(2))
    assert (changed.after.state, changed.after.anchor_at) == (State.ACTIVE, MONTH_END)


def test_a_change_now_keeps_a_share_and_begins_anew() -> None:
    changed = states.change_now(RUNNING, MONTHLY, version(2, 300), NOW + DAY)
    assert (changed.keeps, changed.after.anchor_at, changed.after.period_start_at) == (
        Keeps.SHARE_OF_TIME,
        NOW + DAY,
        NOW + DAY,
    )
    assert changed.kept_until == changed.after.period_end_at


def test_the_end_of_a_cancelled_subscription_keeps_nothing() -> None:
    cancelled = states.when_due(replace(RUNNING, cancels=True), MONTHLY, None)
    assert (cancelled.cause, cancelled.keeps, cancelled.allowance) == (Cause.CANCELLED, Keeps.NOTHING, 0)
    assert cancelled.after.is_final
    assert (cancelled.after.due_at, cancelled.overdraft) == (0, 0)


def test_past_its_end_it_waits_for_an_extension_and_then_ends() -> None:
    last = replace(RUNNING, ends_at=MONTH_END)
    assert last.resets_at == 0
    gone = states.when_due(last, MONTHLY, None)
    assert (gone.cause, gone.after.state, gone.after.due_at) == (Cause.PAST_END, State.PAST_END, MONTH_END + GRACE_MS)
    ended = states.when_due(gone.after, MONTHLY, None)
    assert (ended.cause, ended.after.state, ended.at) == (Cause.ENDED, State.ENDED, MONTH_END + GRACE_MS)


def test_an_extension_past_the_end_begins_now() -> None:
    gone = replace(BASE, state=State.PAST_END, ends_at=NOW - DAY)
    revived = turn(states.extend(gone, MONTHLY, MONTH_END, NOW))
    assert (revived.cause, revived.after.state, revived.after.anchor_at) == (Cause.EXTENDED, State.ACTIVE, NOW)


@pytest.mark.parametrize("state", [State.ACTIVE, State.TRIALING, State.PAUSED])
def test_an_extension_before_the_end_moves_nothing_but_the_end(state: State) -> None:
    later = states.extend(replace(RUNNING, state=state), MONTHLY, MONTH_END, NOW)
    assert later == replace(RUNNING, state=state, ends_at=MONTH_END)
    closed = replace(BASE, state=State.PAUSED)
    assert states.extend(closed, MONTHLY, MONTH_END, NOW) == replace(closed, ends_at=MONTH_END)


def test_what_comes_once_ends_when_the_subscription_does() -> None:
    once = version(kind=PeriodKind.ONCE)
    begun = states.begin(replace(BASE, ends_at=NOW + DAY), once, NOW, trial=False).after
    assert begun.period_end_at == begun.due_at == NOW + DAY
    assert states.extend(begun, once, NOW + 9 * DAY, NOW) == replace(
        begun, ends_at=NOW + 9 * DAY, period_end_at=NOW + 9 * DAY
    )
    assert states.extend(begun, once, 0, NOW) == replace(begun, ends_at=0, period_end_at=0)


def test_a_pause_lets_the_period_run_out_and_no_other_begin() -> None:
    paused = replace(RUNNING, state=State.PAUSED, paused_at=NOW)
    assert paused.resets_at == 0
    assert states.resume(paused, MONTHLY, NOW + DAY) == replace(RUNNING, paused_at=0)
    closed = states.when_due(paused, MONTHLY, None)
    assert (closed.cause, closed.keeps, closed.allowance) == (Cause.PAUSED, Keeps.BY_RULE, 0)
    assert (closed.after.state, closed.after.due_at) == (State.PAUSED, 0)
    resumed = turn(states.resume(closed.after, MONTHLY, MONTH_END + DAY))
    assert (resumed.cause, resumed.after.anchor_at) == (Cause.RESUMED, MONTH_END + DAY)


def test_a_reset_ends_the_period_early_and_keeps_its_end_or_not() -> None:
    kept = states.reset_now(RUNNING, MONTHLY, NOW + DAY, restart=False)
    assert (kept.at, kept.after.period_end_at, kept.after.anchor_at) == (NOW + DAY, MONTH_END, NOW)
    restarted = states.reset_now(RUNNING, MONTHLY, NOW + DAY, restart=True)
    assert (restarted.after.anchor_at, restarted.after.period_end_at) == (NOW + DAY, MONTH_END + DAY)


@pytest.mark.parametrize(("periods", "months"), [(0, None), (1, 1), (2, 2)])
def test_what_rolls_over_lives_for_whole_periods(periods: int, months: int | None) -> None:
    rolling = version(rollover=RolloverTerms(50, max_periods=periods))
    renewed = states.when_due(RUNNING, rolling, None)
    expected = {None: 0, 1: "2027-01-23T07:00:00Z", 2: "2027-02-23T07:00:00Z"}[months]
    assert renewed.kept_until == (parse_rfc3339(expected) if isinstance(expected, str) else 0)


def test_what_rolls_over_into_a_pause_goes_by_the_old_grid() -> None:
    rolling = version(rollover=RolloverTerms(50, max_periods=1))
    closed = states.when_due(replace(RUNNING, state=State.PAUSED), rolling, None)
    assert closed.kept_until == parse_rfc3339("2027-01-23T07:00:00Z")


def test_what_rolls_over_into_what_comes_once_stays() -> None:
    rolling = version(rollover=RolloverTerms(50, max_periods=1))
    changed = states.when_due(replace(RUNNING, pending_version_id=2), rolling, version(2, kind=PeriodKind.ONCE))
    assert changed.kept_until == 0


def test_the_overdraft_is_that_of_the_period_that_runs() -> None:
    rule = OverdraftTerms(7 * NANO)
    assert states.when_due(RUNNING, version(overdraft=rule), None).overdraft == 7 * NANO
    assert states.cancel_now(RUNNING, version(overdraft=rule), NOW + DAY).overdraft == 0


@pytest.mark.parametrize(
    ("new", "old", "more"),
    [
        (version(2, 101), version(), True),
        (version(2, 100), version(), False),
        (version(2, 24, PeriodKind.WEEK), version(), True),
        (version(2, 22, PeriodKind.WEEK), version(), False),
        (version(2, 1, PeriodKind.HOUR), version(), True),
        (version(2, 150, PeriodKind.ONCE), version(), True),
        (version(2, 90), version(1, 100, PeriodKind.ONCE), False),
    ],
)
def test_an_upgrade_gives_more_in_the_long_run(new: Version, old: Version, more: bool) -> None:
    assert gives_more(new.terms, old.terms) is more


@given(
    st.sampled_from([PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.HOUR]),
    st.lists(
        st.tuples(st.sampled_from(["wait", "reset", "restart", "change", "pause", "resume"]), st.integers(1, 900))
    ),
)
def test_periods_stay_contiguous_whatever_happens(kind: PeriodKind, deeds: list[tuple[str, int]]) -> None:
    plan, other = version(1, kind=kind), version(2, 200, kind)
    now, standing = NOW, states.begin(BASE, version(1, kind=kind), NOW, trial=False).after
    versions, end = {1: plan, 2: other}, NOW
    for deed, hours in deeds:
        now += hours * HOUR
        done: list[Turn] = []
        for _ in range(2_000):
            if not 0 < standing.due_at <= now:
                break
            done.append(states.when_due(standing, versions[standing.version_id], None))
            standing = done[-1].after
        plan_now = versions[standing.version_id]
        if deed in ("reset", "restart", "change") and standing.state is State.ACTIVE:
            at = max(now, standing.period_start_at + 1)
            made = (
                states.change_now(standing, plan_now, versions[3 - standing.version_id], at)
                if deed == "change"
                else states.reset_now(standing, plan_now, at, restart=deed == "restart")
            )
            done.append(made)
        elif deed == "pause" and standing.state is State.ACTIVE:
            standing = replace(standing, state=State.PAUSED)
        elif deed == "resume" and standing.state is State.PAUSED:
            found = states.resume(standing, plan_now, now)
            if isinstance(found, Turn):
                done.append(found)
            else:
                standing = found
        for one in done:
            standing = one.after
            assert one.at >= end or not one.before.period_start_at
            assert one.at <= (one.before.period_end_at or one.at)
            assert one.after.period_end_at > one.at or not one.after.period_start_at
            end = one.at
        if standing.period_start_at:
            # A period that would begin in the same millisecond as the one before begins in the next.
            assert standing.period_start_at <= now + 1
            assert now < standing.period_end_at
