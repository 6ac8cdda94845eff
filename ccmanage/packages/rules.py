"""What a version of a package promises. Plain values and what makes them valid; no clock, no database."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import Final

from ccmanage.core.errors import FieldError
from ccmanage.core.money import MAX_BALANCE_NANO, MAX_GRANT_NANO
from ccmanage.packages.limits import NO_LIMITS, KeyLimits, limit_faults

# As far below zero as a balance can be written.
UNLIMITED_NANO: Final = MAX_BALANCE_NANO
MAX_TRIAL_DAYS = 366
MAX_ROLLOVER_PERIODS = 120
_HOUR, _DAY = 3_600_000, 86_400_000


class VersionState(IntEnum):
    """Where a version stands: still to be written, to be had, or kept by its subscribers alone."""

    DRAFT = 0
    PUBLISHED = 1
    ARCHIVED = 2


class PeriodKind(IntEnum):
    """What a period is a multiple of."""

    HOUR = 1
    DAY = 2
    WEEK = 3
    MONTH = 4
    QUARTER = 5
    YEAR = 6
    ONCE = 7


# How many of each a period may be.
MAX_COUNTS: Final = {
    PeriodKind.HOUR: 8_784,
    PeriodKind.DAY: 366,
    PeriodKind.WEEK: 53,
    PeriodKind.MONTH: 24,
    PeriodKind.QUARTER: 8,
    PeriodKind.YEAR: 5,
    PeriodKind.ONCE: 1,
}
# Mean lengths of the Gregorian calendar: only to say which of two packages gives more in the long run.
_MEAN_MS: Final = {
    PeriodKind.HOUR: _HOUR,
    PeriodKind.DAY: _DAY,
    PeriodKind.WEEK: 7 * _DAY,
    PeriodKind.MONTH: 146_097 * _DAY // 4_800,
    PeriodKind.QUARTER: 146_097 * _DAY // 1_600,
    PeriodKind.YEAR: 146_097 * _DAY // 400,
}


@dataclass(frozen=True, slots=True)
class Period:
    """How often the allowance comes: every so many hours, days, …; once is a single period without an end."""

    kind: PeriodKind
    count: int = 1


@dataclass(frozen=True, slots=True)
class RolloverTerms:
    """What of the allowance outlives its period: a share, under a cap (0 = none), for so many periods (0 = ever)."""

    percent: int = 0
    cap_nano: int = 0
    max_periods: int = 0


@dataclass(frozen=True, slots=True)
class OverdraftTerms:
    """How far below zero a workspace may go, and whether that debt is forgiven at the period's end."""

    limit_nano: int = 0
    forgiven: bool = False

    @property
    def is_unlimited(self) -> bool:
        """Tell whether there is no limit."""
        return self.limit_nano >= UNLIMITED_NANO


@dataclass(frozen=True, slots=True)
class TrialTerms:
    """A first stretch of so many days with an allowance of its own; 0 days = no trial."""

    days: int = 0
    allowance_nano: int = 0


@dataclass(frozen=True, slots=True)
class ShownPrice:
    """What a period costs, for show only: nothing is paid here. Amounts have nine decimals, as credits do."""

    amount_nano: int
    currency: str


@dataclass(frozen=True, slots=True)
class Terms:
    """All that a version promises."""

    allowance_nano: int
    period: Period
    rollover: RolloverTerms = RolloverTerms()
    overdraft: OverdraftTerms = OverdraftTerms()
    trial: TrialTerms = TrialTerms()
    price: ShownPrice | None = None
    fail_open: bool = False
    key_limits: KeyLimits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a package. Published, it never changes but for being archived."""

    id: int
    package_id: int
    number: int
    state: VersionState
    terms: Terms
    published_at: int
    created_at: int


def gives_more(new: Terms, old: Terms) -> bool:
    """Tell whether a change is an upgrade: more allowance in the long run; once counts by its amount alone."""
    if PeriodKind.ONCE in (new.period.kind, old.period.kind):
        return new.allowance_nano > old.allowance_nano
    return _pace(new) > _pace(old)


def term_faults(terms: Terms) -> Iterator[FieldError]:
    """Yield what is wrong with terms, each with its place."""
    if not 0 <= terms.allowance_nano <= MAX_GRANT_NANO:
        yield FieldError("/allowance", "credits.out_of_range", "Give at most 1000000000 credits a period.")
    highest = MAX_COUNTS[terms.period.kind]
    if not 1 <= terms.period.count <= highest:
        yield FieldError("/period/count", "period.out_of_range", f"Use 1 to {highest} of these.")
    yield from _rollover_faults(terms)
    if not 0 <= terms.overdraft.limit_nano <= UNLIMITED_NANO:
        yield FieldError("/overdraft/limit", "credits.out_of_range", "This limit is out of range.")
    yield from _trial_faults(terms.trial)
    if terms.price is not None:
        yield from _price_faults(terms.price)
    yield from limit_faults(terms.key_limits)


def _pace(terms: Terms) -> Fraction:
    return Fraction(terms.allowance_nano, _MEAN_MS[terms.period.kind] * terms.period.count)


def _rollover_faults(terms: Terms) -> Iterator[FieldError]:
    rule = terms.rollover
    if not 0 <= rule.percent <= 100:
        yield FieldError("/rollover/percent", "rollover.out_of_range", "A share lies between 0 and 100 percent.")
    if not 0 <= rule.cap_nano <= MAX_GRANT_NANO:
        yield FieldError("/rollover/cap", "credits.out_of_range", "This cap is out of range.")
    if not 0 <= rule.max_periods <= MAX_ROLLOVER_PERIODS:
        sentence = f"Credits can live on for 0 (for ever) to {MAX_ROLLOVER_PERIODS} periods."
        yield FieldError("/rollover/max_periods", "rollover.out_of_range", sentence)
    if rule.percent and terms.period.kind is PeriodKind.ONCE:
        yield FieldError("/rollover/percent", "rollover.no_next_period", "What comes once has nothing to roll into.")


def _trial_faults(trial: TrialTerms) -> Iterator[FieldError]:
    if not 0 <= trial.days <= MAX_TRIAL_DAYS:
        yield FieldError("/trial/days", "trial.out_of_range", f"A trial lasts 0 (none) to {MAX_TRIAL_DAYS} days.")
    if not 0 <= trial.allowance_nano <= MAX_GRANT_NANO:
        yield FieldError("/trial/allowance", "credits.out_of_range", "Give at most 1000000000 credits.")


def _price_faults(price: ShownPrice) -> Iterator[FieldError]:
    if not 0 <= price.amount_nano <= MAX_GRANT_NANO:
        yield FieldError("/price/amount", "price.out_of_range", "This amount is out of range.")
    if len(price.currency) != 3 or not (price.currency.isascii() and price.currency.isupper()):
        yield FieldError("/price/currency", "price.currency_invalid", "Use three capital letters, such as EUR.")
