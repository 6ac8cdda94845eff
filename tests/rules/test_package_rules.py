"""What a package may promise, and which of two gives more."""

from dataclasses import replace

import pytest

from ccmanage.core.money import MAX_GRANT_NANO
from ccmanage.packages.rules import (
    MAX_ROLLOVER_PERIODS,
    MAX_TRIAL_DAYS,
    UNLIMITED_NANO,
    OverdraftTerms,
    Period,
    PeriodKind,
    RolloverTerms,
    ShownPrice,
    Terms,
    TrialTerms,
    gives_more,
    term_faults,
)

MONTHLY = Terms(100, Period(PeriodKind.MONTH))
WHOLE = Terms(
    MAX_GRANT_NANO,
    Period(PeriodKind.HOUR, 5),
    RolloverTerms(100, MAX_GRANT_NANO, MAX_ROLLOVER_PERIODS),
    OverdraftTerms(UNLIMITED_NANO, forgiven=True),
    TrialTerms(MAX_TRIAL_DAYS, MAX_GRANT_NANO),
    ShownPrice(MAX_GRANT_NANO, "EUR"),
)


@pytest.mark.parametrize("terms", [MONTHLY, WHOLE, replace(WHOLE, price=None), Terms(0, Period(PeriodKind.ONCE))])
def test_terms_up_to_the_bounds_have_no_faults(terms: Terms) -> None:
    assert list(term_faults(terms)) == []


@pytest.mark.parametrize(
    ("terms", "places"),
    [
        (replace(MONTHLY, allowance_nano=-1), ["/allowance"]),
        (replace(MONTHLY, allowance_nano=MAX_GRANT_NANO + 1), ["/allowance"]),
        (replace(MONTHLY, period=Period(PeriodKind.MONTH, 0)), ["/period/count"]),
        (replace(MONTHLY, period=Period(PeriodKind.YEAR, 6)), ["/period/count"]),
        (replace(MONTHLY, period=Period(PeriodKind.ONCE, 2)), ["/period/count"]),
        (replace(MONTHLY, rollover=RolloverTerms(101)), ["/rollover/percent"]),
        (replace(MONTHLY, rollover=RolloverTerms(-1)), ["/rollover/percent"]),
        (replace(MONTHLY, rollover=RolloverTerms(50, MAX_GRANT_NANO + 1)), ["/rollover/cap"]),
        (replace(MONTHLY, rollover=RolloverTerms(50, 0, MAX_ROLLOVER_PERIODS + 1)), ["/rollover/max_periods"]),
        (Terms(1, Period(PeriodKind.ONCE), RolloverTerms(1)), ["/rollover/percent"]),
        (replace(MONTHLY, overdraft=OverdraftTerms(-1)), ["/overdraft/limit"]),
        (replace(MONTHLY, overdraft=OverdraftTerms(UNLIMITED_NANO + 1)), ["/overdraft/limit"]),
        (replace(MONTHLY, trial=TrialTerms(MAX_TRIAL_DAYS + 1)), ["/trial/days"]),
        (replace(MONTHLY, trial=TrialTerms(1, -1)), ["/trial/allowance"]),
        (replace(MONTHLY, price=ShownPrice(-1, "EUR")), ["/price/amount"]),
        (replace(MONTHLY, price=ShownPrice(1, "eur")), ["/price/currency"]),
        (replace(MONTHLY, price=ShownPrice(1, "EURO")), ["/price/currency"]),
        (replace(MONTHLY, price=ShownPrice(1, "ÄÖÜ")), ["/price/currency"]),
        (
            replace(MONTHLY, allowance_nano=-1, rollover=RolloverTerms(101, -1), trial=TrialTerms(-1)),
            ["/allowance", "/rollover/percent", "/rollover/cap", "/trial/days"],
        ),
    ],
)
def test_every_fault_names_its_place_and_the_rule(terms: Terms, places: list[str]) -> None:
    faults = list(term_faults(terms))
    assert [fault.pointer for fault in faults] == places
    assert all(fault.code and fault.detail for fault in faults)


@pytest.mark.parametrize(
    ("new", "old", "more"),
    [
        (Terms(101, Period(PeriodKind.MONTH)), MONTHLY, True),
        (MONTHLY, MONTHLY, False),
        (Terms(4, Period(PeriodKind.DAY)), MONTHLY, True),
        (Terms(3, Period(PeriodKind.DAY)), MONTHLY, False),
        (Terms(1_201, Period(PeriodKind.YEAR)), MONTHLY, True),
        (Terms(299, Period(PeriodKind.QUARTER)), MONTHLY, False),
        (Terms(200, Period(PeriodKind.MONTH, 2)), MONTHLY, False),
        (Terms(101, Period(PeriodKind.ONCE)), MONTHLY, True),
        (MONTHLY, Terms(100, Period(PeriodKind.ONCE)), False),
    ],
)
def test_more_is_what_comes_in_the_long_run(new: Terms, old: Terms, *, more: bool) -> None:
    assert gives_more(new, old) is more
