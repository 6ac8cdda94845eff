"""Rolling over, forgiving and closing: as tables, and against a model that moves credits one by one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.credits import rules
from ccmanage.credits.rules import ACTIVE, BY_RENEWAL, EXHAUSTED, EXPIRED, Cause, Grant, Movement, Rollover

SUBSCRIPTION, TOP_UP = 2, 5
CAUSE = Cause(BY_RENEWAL, 77)
DAY = 10


def allowance(number: int, remaining: int, *, amount: int = 100, end: int = DAY, renewal: int = 1) -> Grant:
    return Grant(number, 20, amount, remaining, ACTIVE, 0, end, SUBSCRIPTION, renewal)


@pytest.mark.parametrize(
    ("rule", "left", "before", "kept"),
    [
        (Rollover(), 100, 0, 0),
        (Rollover(100), 100, 0, 100),
        (Rollover(50), 7, 0, 3),
        (Rollover(33), 100, 0, 33),
        (Rollover(100, cap=40), 100, 0, 40),
        (Rollover(100, cap=40), 100, 30, 10),
        (Rollover(100, cap=40), 100, 45, 0),
        (Rollover(100, cap=40), 5, 30, 5),
        (Rollover(0, cap=40), 100, 0, 0),
        (Rollover(100), 0, 0, 0),
    ],
)
def test_the_rule_says_what_is_kept(rule: Rollover, left: int, before: int, kept: int) -> None:
    assert rule.kept(left, before) == kept


def test_closing_hands_over_what_is_kept_and_lets_the_rest_expire() -> None:
    grant = allowance(1, 70)
    assert rules.close(grant, 30, CAUSE) == [
        Movement(rules.ROLLOVER, -30, 1, BY_RENEWAL, 77),
        Movement(rules.EXPIRY, -40, 1, BY_RENEWAL, 77),
    ]
    assert (grant.state, grant.remaining) == (EXPIRED, 0)


def test_closing_writes_nothing_for_nothing() -> None:
    assert rules.close(allowance(1, 30), 30, CAUSE) == [Movement(rules.ROLLOVER, -30, 1, BY_RENEWAL, 77)]
    assert rules.close(allowance(1, 30), 0, CAUSE) == [Movement(rules.EXPIRY, -30, 1, BY_RENEWAL, 77)]
    assert rules.close(allowance(1, 0), 0, CAUSE) == []


def test_what_rolls_over_starts_as_such_and_repays_debt_like_any_grant() -> None:
    heir = Grant(2, 20, 30, 0, rules.SCHEDULED, 0, 0, SUBSCRIPTION)
    movements, debt = rules.start(heir, 10, rules.ROLLOVER, CAUSE)
    assert movements == [
        Movement(rules.ROLLOVER, 30, 2, BY_RENEWAL, 77),
        Movement(rules.REPAYMENT, -10, 2, rules.BY_GRANT, 2),
        Movement(rules.REPAYMENT, 10, 0, rules.BY_GRANT, 2),
    ]
    assert (heir.remaining, debt) == (20, 0)


@pytest.mark.parametrize(("debt", "limit", "left"), [(10, 4, 6), (10, 10, 0), (10, 99, 0), (0, 99, 0), (10, 0, 10)])
def test_debt_is_forgiven_up_to_a_limit(debt: int, limit: int, left: int) -> None:
    movements, rest = rules.forgive(debt, limit, CAUSE)
    assert rest == left
    expected = [Movement(rules.FORGIVENESS, debt - left, 0, BY_RENEWAL, 77)] if debt > left else []
    assert movements == expected


def test_the_clock_does_not_end_what_a_period_ends() -> None:
    grant = allowance(1, 70, end=DAY)
    assert rules.turn([grant], 0, DAY * 100) == ([], 0)
    assert grant.state == ACTIVE
    assert rules.burn([grant], 10, 5)[0] == [Movement(rules.USAGE, -10, 1, rules.BY_SETTLEMENT, 5)]


def test_only_living_grants_of_earlier_periods_count_as_rolled_over() -> None:
    grants = [
        allowance(1, 70),
        allowance(2, 5, renewal=0),
        allowance(3, 6, renewal=0, end=0),
        Grant(4, 20, 9, 0, EXHAUSTED, 0, 0, SUBSCRIPTION),
        Grant(5, 50, 9, 9, ACTIVE, 0, 0, TOP_UP),
    ]
    assert rules.rolled_over(grants, SUBSCRIPTION) == 11


@dataclass(frozen=True)
class Plan:
    allowance: int
    percent: int
    cap: int
    max_periods: int
    forgives: int


@dataclass
class Coin:
    """One credit of the model: what it came from, when it ends, and whether it is of the running period."""

    priority: int
    end: int
    order: int
    origin: int
    is_allowance: bool


class Naive:
    """Credits one by one, in a list; debt as a number. Periods of ten ticks."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.coins: list[Coin] = []
        self.debt = 0
        self.orders = 0
        self.open_period(0)

    def use(self, cost: int) -> None:
        for _ in range(cost):
            if self.coins:
                self.coins.remove(min(self.coins, key=lambda c: (c.priority, c.end or 10**9, c.order)))
            else:
                self.debt += 1

    def top_up(self, amount: int) -> None:
        self.add(amount, Coin(50, 0, 0, TOP_UP, False))

    def add(self, amount: int, like: Coin) -> None:
        self.orders += 1
        repaid = min(amount, self.debt)
        self.debt -= repaid
        self.coins += [Coin(like.priority, like.end, self.orders, like.origin, like.is_allowance)] * (amount - repaid)

    def open_period(self, now: int) -> None:
        self.add(self.plan.allowance, Coin(20, now + DAY, 0, SUBSCRIPTION, True))

    def turn_over(self, now: int) -> None:
        self.coins = [coin for coin in self.coins if coin.is_allowance or not 0 < coin.end <= now]
        left = sum(coin.is_allowance for coin in self.coins)
        earlier = sum(coin.origin == SUBSCRIPTION for coin in self.coins) - left
        self.coins = [coin for coin in self.coins if not coin.is_allowance]
        keep = left * self.plan.percent // 100
        while self.plan.cap and keep > 0 and earlier + keep > self.plan.cap:
            keep -= 1
        end = now + DAY * self.plan.max_periods if self.plan.max_periods else 0
        if keep:
            self.add(keep, Coin(20, end, 0, SUBSCRIPTION, False))
        self.debt -= min(self.debt, self.plan.forgives)
        self.open_period(now)


class Real:
    """The same by the rules, with every movement kept."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.grants: list[Grant] = []
        self.movements: list[Movement] = []
        self.debt = 0
        self.renewals = 0
        self.open_period(0)

    def use(self, cost: int) -> None:
        movements, debt = rules.burn(self.grants, cost, 1)
        self.debt += debt
        self.movements += movements

    def top_up(self, amount: int) -> None:
        self.begin(Grant(len(self.grants) + 1, 50, amount, 0, 0, 0, 0, TOP_UP))

    def begin(self, grant: Grant, kind: int = rules.GRANT) -> None:
        self.grants.append(grant)
        movements, self.debt = rules.start(grant, self.debt, kind, CAUSE)
        self.movements += movements

    def open_period(self, now: int) -> None:
        self.renewals += 1
        amount = self.plan.allowance
        self.begin(Grant(len(self.grants) + 1, 20, amount, 0, 0, now, now + DAY, SUBSCRIPTION, self.renewals))

    def turn_over(self, now: int) -> None:
        movements, self.debt = rules.turn(self.grants, self.debt, now)
        self.movements += movements
        rolled = rules.rolled_over(self.grants, SUBSCRIPTION)
        rule = Rollover(self.plan.percent, self.plan.cap)
        for grant in [one for one in self.grants if one.renewal_id == self.renewals and one.state == ACTIVE]:
            kept = rule.kept(grant.remaining, rolled)
            self.movements += rules.close(grant, kept, CAUSE)
            end = now + DAY * self.plan.max_periods if self.plan.max_periods else 0
            if kept:
                self.begin(Grant(len(self.grants) + 1, 20, kept, 0, 0, now, end, SUBSCRIPTION), rules.ROLLOVER)
        movements, self.debt = rules.forgive(self.debt, self.plan.forgives, CAUSE)
        self.movements += movements
        self.open_period(now)


plans = st.builds(
    Plan,
    allowance=st.integers(1, 40),
    percent=st.integers(0, 100),
    cap=st.sampled_from([0, 0, 5, 30]),
    max_periods=st.integers(0, 3),
    forgives=st.sampled_from([0, 7, 10**6]),
)
months = st.lists(
    st.one_of(
        st.tuples(st.just("use"), st.integers(0, 70)),
        st.tuples(st.just("top_up"), st.integers(1, 30)),
        st.tuples(st.just("turn_over"), st.just(0)),
    ),
    max_size=25,
)


@given(plans, months)
def test_whole_lives_equal_the_model(plan: Plan, life: list[tuple[str, int]]) -> None:
    naive, real, now = Naive(plan), Real(plan), 0
    for deed, amount in life:
        if deed == "turn_over":
            now += DAY
            naive.turn_over(now)
            real.turn_over(now)
        else:
            getattr(naive, deed)(amount)
            getattr(real, deed)(amount)
        assert real.debt == naive.debt
        living = {grant.id: grant.remaining for grant in real.grants if grant.remaining}
        assert living == {order: count for order, count in _counts(naive).items() if count}
        _assert_books(real)


def _counts(naive: Naive) -> dict[int, int]:
    counts: dict[int, int] = {}
    for coin in naive.coins:
        counts[coin.order] = counts.get(coin.order, 0) + 1
    return counts


def _assert_books(real: Real) -> None:
    """The invariants I3 and I4, and that what leaves one grant enters another."""
    for grant in real.grants:
        assert 0 <= grant.remaining <= grant.amount
        assert sum(m.amount for m in real.movements if m.grant_id == grant.id) == grant.remaining
        assert (grant.remaining > 0) == (grant.state == ACTIVE)
    assert sum(m.amount for m in real.movements if m.grant_id == rules.NO_GRANT) == -real.debt
    assert real.debt >= 0
    assert sum(m.amount for m in real.movements if m.kind in (rules.ROLLOVER, rules.REPAYMENT)) == 0
