"""The arithmetic of credits, as tables and against a naive model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.credits import rules
from ccmanage.credits.rules import ACTIVE, EXHAUSTED, EXPIRED, SCHEDULED, VOIDED, Grant, Movement


def grant(
    number: int, amount: int, *, priority: int = 50, start: int = 0, end: int = 0, state: int = SCHEDULED
) -> Grant:
    remaining = amount if state == ACTIVE else 0
    return Grant(number, priority, amount, remaining, state, start, end)


def test_burning_goes_by_priority_then_expiry_then_age() -> None:
    grants = [
        grant(1, 10, state=ACTIVE),
        grant(2, 10, end=100, state=ACTIVE),
        grant(3, 10, end=50, state=ACTIVE),
        grant(4, 10, priority=10, state=ACTIVE),
        grant(5, 10, end=50, state=ACTIVE),
    ]
    movements, debt = rules.burn(grants, 35, 7)
    assert [(m.grant_id, m.amount) for m in movements] == [(4, -10), (3, -10), (5, -10), (2, -5)]
    assert debt == 0
    assert [g.state for g in grants] == [ACTIVE, ACTIVE, EXHAUSTED, EXHAUSTED, EXHAUSTED]
    assert {(m.kind, m.ref_kind, m.ref_id) for m in movements} == {(rules.USAGE, rules.BY_SETTLEMENT, 7)}


def test_what_no_grant_covers_becomes_debt() -> None:
    movements, debt = rules.burn([grant(1, 3, state=ACTIVE)], 10, 1)
    assert debt == 7
    assert movements[-1] == Movement(rules.USAGE, -7, rules.NO_GRANT, rules.BY_SETTLEMENT, 1)


@pytest.mark.parametrize("state", [SCHEDULED, EXHAUSTED, EXPIRED, VOIDED])
def test_only_active_grants_burn(state: int) -> None:
    assert rules.burn([grant(1, 5, state=state)], 5, 1)[1] == 5


def test_what_was_given_is_taken_back_from_its_own_grant_first_then_in_burn_order_then_as_debt() -> None:
    grants = [
        grant(1, 10, priority=10, state=ACTIVE),
        grant(2, 4, state=ACTIVE),
        grant(3, 3, end=50, state=ACTIVE),
        grant(4, 9, state=EXPIRED),
    ]
    cause = rules.Cause(rules.BY_ENTRY, 5)
    movements, debt = rules.take_back(grants, 20, 2, cause)
    assert [(m.grant_id, m.amount) for m in movements] == [(2, -4), (1, -10), (3, -3), (rules.NO_GRANT, -3)]
    assert debt == 3
    assert {(m.kind, m.ref_kind, m.ref_id) for m in movements} == {(rules.REVERSAL, *cause)}
    assert rules.take_back([grant(1, 2, state=ACTIVE)], 2, 1, cause)[1] == 0


def test_burning_nothing_moves_nothing() -> None:
    assert rules.burn([grant(1, 5, state=ACTIVE)], 0, 1) == ([], 0)


def test_a_grant_repays_the_debt_before_it_can_be_spent() -> None:
    new = grant(9, 10)
    movements, debt = rules.start(new, 4)
    assert (new.remaining, new.state, debt) == (6, ACTIVE, 0)
    assert [(m.kind, m.amount, m.grant_id) for m in movements] == [
        (rules.GRANT, 10, 9),
        (rules.REPAYMENT, -4, 9),
        (rules.REPAYMENT, 4, 0),
    ]


def test_a_grant_that_the_debt_swallows_is_exhausted_at_once() -> None:
    new = grant(9, 10)
    assert rules.start(new, 25)[1] == 15
    assert (new.remaining, new.state) == (0, EXHAUSTED)


def test_time_starts_and_ends_grants_in_the_order_in_which_it_happened() -> None:
    early = grant(1, 10, start=10, end=20)
    late = grant(2, 5, start=15)
    movements, debt = rules.turn([late, early], 12, 30)
    # The first repays ten of the twelve, the second the rest; nothing is left of the first to expire.
    assert [(m.kind, m.grant_id, m.amount) for m in movements] == [
        (rules.GRANT, 1, 10),
        (rules.REPAYMENT, 1, -10),
        (rules.REPAYMENT, 0, 10),
        (rules.GRANT, 2, 5),
        (rules.REPAYMENT, 2, -2),
        (rules.REPAYMENT, 0, 2),
    ]
    assert (early.state, late.remaining, debt) == (EXPIRED, 3, 0)


def test_a_grant_that_was_never_seen_in_its_time_starts_and_expires() -> None:
    missed = grant(1, 10, start=10, end=20)
    movements, _debt = rules.turn([missed], 0, 30)
    assert [(m.kind, m.amount) for m in movements] == [(rules.GRANT, 10), (rules.EXPIRY, -10)]
    assert (missed.state, missed.remaining) == (EXPIRED, 0)


def test_at_the_very_instant_a_grant_has_started_and_is_over() -> None:
    assert rules.turn([grant(1, 10, start=10)], 0, 10)[0]
    assert rules.turn([grant(1, 10, end=10, state=ACTIVE)], 0, 10)[0]
    assert rules.turn([grant(1, 10, start=11, end=20)], 0, 10) == ([], 0)


def test_voiding_takes_what_is_left_once() -> None:
    living = grant(1, 10, state=ACTIVE)
    assert rules.end(living, rules.VOID, VOIDED) == [Movement(rules.VOID, -10, 1, rules.BY_GRANT, 1)]
    assert rules.end(living, rules.VOID, VOIDED) == []
    assert living.state == VOIDED


def test_the_hash_covers_every_field_and_the_entry_before() -> None:
    movement = Movement(rules.USAGE, -5, 3, rules.BY_SETTLEMENT, 8)
    base = rules.entry_hash(rules.GENESIS, 1, 1, movement, 95, 1_000)
    others = [
        rules.entry_hash(b"\1" * 32, 1, 1, movement, 95, 1_000),
        rules.entry_hash(rules.GENESIS, 2, 1, movement, 95, 1_000),
        rules.entry_hash(rules.GENESIS, 1, 2, movement, 95, 1_000),
        *(
            rules.entry_hash(rules.GENESIS, 1, 1, movement._replace(**{name: 9}), 95, 1_000)
            for name in movement._fields
        ),
        rules.entry_hash(rules.GENESIS, 1, 1, movement, 96, 1_000),
        rules.entry_hash(rules.GENESIS, 1, 1, movement, 95, 1_001),
    ]
    assert len({base, *others}) == len(others) + 1


@pytest.mark.parametrize(
    ("available", "spent", "expected"),
    [(100, 10, 1_000 + 10 * 50), (0, 10, 1_000), (-5, 10, 1_000), (100, 0, None), (1, 3, 1_000 + 16)],
)
def test_credits_run_out_at_the_present_pace(available: int, spent: int, expected: int | None) -> None:
    assert rules.run_out_at(available, spent, 50, 1_000) == expected


def test_no_pace_can_be_told_of_no_time() -> None:
    assert rules.run_out_at(100, 5, 0, 1_000) is None


def test_total_adds_movements_up() -> None:
    assert rules.total(rules.burn([grant(1, 3, state=ACTIVE)], 10, 1)[0]) == -10


amounts = st.integers(1, 50)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("use"), st.integers(0, 60)),
        st.tuples(st.just("grant"), amounts, st.integers(0, 3), st.integers(0, 6), st.integers(0, 6)),
        st.tuples(st.just("wait"), st.integers(1, 4)),
        st.tuples(st.just("void"), st.integers(0, 9)),
        st.tuples(st.just("reverse"), st.integers(0, 99)),
    ),
    max_size=25,
)


def reverse(
    grants: list[Grant], movements: list[Movement], debt: int, which: int, now: int
) -> tuple[list[Movement], int]:
    """Reverse one of the entries that can be, as the service does."""
    can = [(place, one) for place, one in enumerate(movements) if one.kind in rules.REVERSIBLE]
    if not can:
        return [], debt
    place, entry = can[which % len(can)]
    cause = rules.Cause(rules.BY_ENTRY, place)
    if entry.amount > 0:
        taken, owed = rules.take_back(grants, entry.amount, entry.grant_id, cause)
        return taken, debt + owed
    grants.append(grant(len(grants) + 1, -entry.amount, start=now))
    return rules.start(grants[-1], debt, rules.REVERSAL, cause)


@given(steps)
def test_sums_hold_whatever_happens(plan: list[tuple[object, ...]]) -> None:
    grants: list[Grant] = []
    movements: list[Movement] = []
    debt, now, spent = 0, 100, 0
    for step in plan:
        match step:
            case ("use", int(cost)):
                made, new_debt = rules.burn(grants, cost, 1)
                debt += new_debt
                spent += cost
            case ("grant", int(amount), int(priority), int(delay), int(length)):
                end = now + delay + length if length else 0
                grants.append(grant(len(grants) + 1, amount, priority=priority, start=now + delay, end=end))
                made, debt = rules.turn(grants, debt, now)
            case ("wait", int(length)):
                now += length
                made, debt = rules.turn(grants, debt, now)
            case ("void", int(which)):
                chosen = [g for g in grants if g.state in (SCHEDULED, ACTIVE)]
                made = rules.end(chosen[which % len(chosen)], rules.VOID, VOIDED) if chosen else []
            case ("reverse", int(which)):
                made, debt = reverse(grants, movements, debt, which, now)
            case _:
                raise AssertionError(step)
        movements += made
        for one in grants:
            assert 0 <= one.remaining <= one.amount
            assert sum(m.amount for m in movements if m.grant_id == one.id) == one.remaining
            assert (one.remaining > 0) == (one.state == ACTIVE)
        assert sum(m.amount for m in movements if m.grant_id == rules.NO_GRANT) == -debt
        assert debt >= 0
        assert not (debt and any(one.state == ACTIVE for one in grants)), "credits lie beside debt"
        assert -sum(m.amount for m in movements if m.kind == rules.USAGE) == spent


@given(st.lists(st.tuples(amounts, st.integers(0, 2), st.integers(0, 3)), max_size=8), st.integers(0, 500))
def test_burning_equals_taking_one_credit_at_a_time(shape: list[tuple[int, int, int]], cost: int) -> None:
    grants = [grant(i + 1, a, priority=p, end=e * 10, state=ACTIVE) for i, (a, p, e) in enumerate(shape)]
    naive = [replace(one) for one in grants]
    _movements, debt = rules.burn(grants, cost, 1)
    missing = 0
    for _ in range(cost):
        living = [one for one in naive if one.remaining]
        if not living:
            missing += 1
            continue
        first = min(living, key=lambda one: (one.priority, one.expires_at or 10**9, one.id))
        first.remaining -= 1
    assert [one.remaining for one in grants] == [one.remaining for one in naive]
    assert debt == missing
