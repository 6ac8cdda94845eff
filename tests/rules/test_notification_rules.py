"""When thresholds fire, and when mails may be sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.core.clock import DAY, HOUR, parse_rfc3339
from ccmanage.notifications import rules
from ccmanage.notifications.rules import (
    ALL_CROSSED,
    AMOUNT_LEFT,
    DAILY,
    NO_AMOUNT,
    NOBODY,
    PERCENT_LEFT,
    RUN_OUT,
    WEEKLY,
    Manners,
    Mark,
    next_threshold,
    weigh,
)

NOW = parse_rfc3339("2026-11-23T07:00:00Z")  # a Monday


def mark(amount: int, *, kind: int = AMOUNT_LEFT, value: int = 0, armed: bool = True, period: int = 1) -> Mark:
    return Mark(1, kind, value or amount, amount, armed, period)


class TestWeigh:
    @pytest.mark.parametrize(("balance", "fires"), [(11, False), (10, True), (9, True), (-5, True)])
    def test_it_fires_when_the_balance_comes_down_to_the_amount(self, balance: int, fires: bool) -> None:
        one = mark(10)
        assert bool(weigh([one], balance)) is fires
        assert one.armed is not fires

    def test_once_crossed_it_waits(self) -> None:
        one = mark(10)
        assert weigh([one], 9) == [one]
        assert weigh([one], 8) == []
        assert one.period == 1

    def test_credits_that_lift_the_balance_above_it_arm_it_again(self) -> None:
        one = mark(10)
        weigh([one], 9)
        assert weigh([one], 11, rose=True) == []
        assert (one.armed, one.period) == (True, 2)
        assert weigh([one], 10) == [one]

    def test_credits_that_do_not_lift_it_above_do_not(self) -> None:
        one = mark(10, armed=False)
        weigh([one], 10, rose=True)
        assert not one.armed

    def test_set_below_where_the_balance_is_it_waits_until_credits_came(self) -> None:
        one = mark(10, armed=False, period=0)
        assert weigh([one], 3) == []
        weigh([one], 30, rose=True)
        assert weigh([one], 3) == [one]

    def test_percents_follow_the_grant(self) -> None:
        one = Mark(1, PERCENT_LEFT, 20, NO_AMOUNT, False, 0)
        weigh([one], 100, base=100, rose=True)
        assert (one.amount, one.armed) == (20, True)
        weigh([one], 500, base=1_000, rose=True)
        assert (one.amount, one.armed, one.period) == (200, True, 1)
        assert weigh([one], 150) == [one]

    def test_without_a_grant_percents_mean_nothing(self) -> None:
        one = Mark(1, PERCENT_LEFT, 20, 20, True, 1)
        assert weigh([one], 0, base=0, rose=True) == []
        assert (one.amount, one.armed) == (NO_AMOUNT, False)
        assert weigh([one], -5) == []

    def test_projections_are_armed_by_credits_and_fired_by_others(self) -> None:
        one = mark(NO_AMOUNT, kind=RUN_OUT, value=3, armed=False)
        assert weigh([one], -5) == []
        assert not one.armed
        weigh([one], -5, rose=True)
        assert (one.armed, one.period) == (True, 2)

    @given(st.lists(st.integers(-50, 150), min_size=1, max_size=30), st.lists(st.integers(0, 99), max_size=4))
    def test_each_arming_fires_once_and_the_column_finds_every_crossing(
        self, balances: list[int], amounts: list[int]
    ) -> None:
        """What is compared in settlement (one number) must lead to the same alerts as weighing at every step."""
        eager = [Mark(n, AMOUNT_LEFT, a, a, False, 0) for n, a in enumerate(amounts)]
        lazy = [Mark(n, AMOUNT_LEFT, a, a, False, 0) for n, a in enumerate(amounts)]
        fired: list[tuple[int, int]] = []
        found: list[tuple[int, int]] = []
        weigh(lazy, 0)
        column, before = next_threshold(lazy), 0
        weigh(eager, 0)
        for balance in balances:
            fired += [(one.id, one.period) for one in weigh(eager, balance)]
            if balance <= column or balance > before:
                found += [(one.id, one.period) for one in weigh(lazy, balance)]
                column = next_threshold(lazy)
            before = balance
        assert found == fired
        assert len(set(fired)) == len(fired)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], NOBODY),
        ([mark(5, armed=False)], ALL_CROSSED),
        ([mark(NO_AMOUNT, kind=RUN_OUT)], ALL_CROSSED),
        ([mark(5), mark(20), mark(50, armed=False)], 20),
    ],
)
def test_the_next_threshold_is_the_highest_that_is_armed(marks: list[Mark], expected: int) -> None:
    assert next_threshold(marks) == expected


class TestProjections:
    def test_the_pace_of_some_days_tells_the_end(self) -> None:
        assert rules.runs_out_at(100, 70, 7, NOW) == NOW + 10 * DAY

    @pytest.mark.parametrize(("balance", "spent"), [(0, 5), (-3, 5), (10, 0)])
    def test_no_end_without_credits_or_pace(self, balance: int, spent: int) -> None:
        assert rules.runs_out_at(balance, spent, 7, NOW) == 0

    @pytest.mark.parametrize(
        ("gone", "resets", "expected"),
        [
            (0, 0, False),
            (NOW + 2 * DAY, 0, True),
            (NOW + 3 * DAY, 0, True),
            (NOW + 3 * DAY + 1, 0, False),
            (NOW + 2 * DAY, NOW + DAY, False),  # the next allowance comes first
            (NOW + 2 * DAY, NOW + 5 * DAY, True),
        ],
    )
    def test_within_days_and_before_the_reset(self, gone: int, resets: int, expected: bool) -> None:
        assert rules.will_run_out(gone, resets, 3, NOW) is expected

    def test_days_begin_at_midnight_of_the_zone(self) -> None:
        day = rules.day_number(parse_rfc3339("2026-11-23T23:30:00Z"), "Europe/Berlin")
        assert rules.day_start(day, "Europe/Berlin") == parse_rfc3339("2026-11-23T23:00:00Z")

    def test_a_day_on_which_the_clock_changes(self) -> None:
        day = rules.day_number(parse_rfc3339("2026-10-25T12:00:00Z"), "Europe/Berlin")
        assert rules.day_start(day + 1, "Europe/Berlin") - rules.day_start(day, "Europe/Berlin") == 25 * HOUR


class TestMails:
    @pytest.mark.parametrize(
        ("now", "quiet", "due"),
        [
            ("2026-11-23T12:00:00Z", (0, 0), "2026-11-23T12:00:00Z"),
            ("2026-11-23T12:00:00Z", (22 * 60, 7 * 60), "2026-11-23T12:00:00Z"),
            ("2026-11-23T22:30:00Z", (22 * 60, 7 * 60), "2026-11-24T06:00:00Z"),
            ("2026-11-24T02:00:00Z", (22 * 60, 7 * 60), "2026-11-24T06:00:00Z"),
            ("2026-11-24T06:00:00Z", (22 * 60, 7 * 60), "2026-11-24T06:00:00Z"),
            ("2026-11-23T11:30:00Z", (12 * 60, 13 * 60), "2026-11-23T12:00:00Z"),
        ],
    )
    def test_quiet_hours_are_those_of_the_reader(self, now: str, quiet: tuple[int, int], due: str) -> None:
        manners = Manners("Europe/Berlin", *quiet)
        assert rules.mail_due_at(parse_rfc3339(now), manners) == parse_rfc3339(due)

    @pytest.mark.parametrize(
        ("digest", "now", "due"),
        [
            (DAILY, "2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z"),
            (DAILY, "2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"),
            (WEEKLY, "2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z"),
            (WEEKLY, "2026-11-23T09:00:00Z", "2026-11-30T08:00:00Z"),
            (WEEKLY, "2026-11-26T09:00:00Z", "2026-11-30T08:00:00Z"),
        ],
    )
    def test_digests_come_at_their_hour(self, digest: int, now: str, due: str) -> None:
        manners = Manners("Europe/Berlin", digest=digest, digest_at=9 * 60)
        assert rules.mail_due_at(parse_rfc3339(now), manners) == parse_rfc3339(due)

    def test_quiet_hours_that_end_when_the_clock_jumps(self) -> None:
        """At 2:30 there is no 2:30 on that morning in Berlin: the mail leaves right after the gap."""
        now = parse_rfc3339("2026-03-29T00:30:00Z")
        due = rules.mail_due_at(now, Manners("Europe/Berlin", 22 * 60, 2 * 60 + 30))
        assert parse_rfc3339("2026-03-29T01:00:00Z") <= due <= parse_rfc3339("2026-03-29T02:00:00Z")
