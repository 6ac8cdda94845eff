"""What a package would have given on usage that has happened. Plain values in, plain values out."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from ccmanage.credits import rules
from ccmanage.credits.rules import BY_RENEWAL, Cause, Grant, Rollover
from ccmanage.packages.rules import PeriodKind, ShownPrice, Terms
from ccmanage.subscriptions.rules import NEVER, Span, next_boundaries, period_at

# As the grants of a subscription: any numbers do, as long as they are told apart.
_ORIGIN: Final = 2
_PRIORITY: Final = 20


@dataclass(frozen=True, slots=True)
class Usage:
    """Credits used by instants, in order."""

    at: Sequence[int]
    credits: Sequence[int]

    def within(self, span: Span) -> int:
        """Return what was used in a stretch of time."""
        return sum(self.credits[bisect_left(self.at, span.start) : bisect_left(self.at, span.end)])


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a package would have come to: what its allowances covered, what they did not, what expired unused.

    The price counts whole periods, and of the one that still runs the part that is over.
    """

    periods: int
    given_nano: int
    covered_nano: int
    uncovered_nano: int
    expired_nano: int
    price: ShownPrice | None


def what_if(terms: Terms, usage: Usage, zone: ZoneInfo, span: Span) -> WhatIf:
    """Live through a stretch of time once more under other terms, by the rules of the books."""
    rule = Rollover(terms.rollover.percent, terms.rollover.cap_nano)
    grants: list[Grant] = []
    numbers = count(1)
    periods = given = used = uncovered = expired = price = 0
    start = span.start
    while start < span.end:
        whole = period_at(span.start, terms.period, zone, start)
        period = whole.until(span.end)
        expired += -rules.total(rules.turn(grants, 0, start)[0])
        expired += _close(grants, rule, _kept_until(terms, zone, span.start, start), start, numbers)
        grants = [grant for grant in grants if grant.remaining]
        grants.append(_granted(next(numbers), terms.allowance_nano, start, whole.end, periods + 1))
        periods, given = periods + 1, given + terms.allowance_nano
        cost = usage.within(period)
        _movements, debt = rules.burn(grants, cost, 0)
        used, uncovered = used + cost, uncovered + debt
        price += _price(terms, whole, period)
        start = period.end
    shown = ShownPrice(price, terms.price.currency) if terms.price else None
    return WhatIf(periods, given, used - uncovered, uncovered, expired, shown)


def _close(grants: list[Grant], rule: Rollover, kept_until: int, now: int, numbers: "count[int]") -> int:
    """End the running period's grant; returns what expires of it, what is kept joins the grants."""
    expired = 0
    for grant in [one for one in grants if one.renewal_id and one.state == rules.ACTIVE]:
        kept = rule.kept(grant.remaining, rules.rolled_over(grants, _ORIGIN))
        expired += grant.remaining - kept
        rules.close(grant, kept, Cause(BY_RENEWAL, 0))
        if kept:
            grants.append(_granted(next(numbers), kept, now, kept_until, 0))
    return expired


def _granted(number: int, amount: int, start: int, end: int, renewal_id: int) -> Grant:
    state = rules.ACTIVE if amount else rules.EXHAUSTED
    return Grant(number, _PRIORITY, amount, amount, state, start, end, _ORIGIN, renewal_id)


def _kept_until(terms: Terms, zone: ZoneInfo, anchor: int, now: int) -> int:
    if not terms.rollover.max_periods:
        return NEVER
    ends = next_boundaries(anchor, terms.period, zone, now, terms.rollover.max_periods)
    return ends[-1] if ends else NEVER


def _price(terms: Terms, whole: Span, lived: Span) -> int:
    if terms.price is None:
        return 0
    if terms.period.kind is PeriodKind.ONCE:
        return terms.price.amount_nano
    return terms.price.amount_nano * (lived.end - lived.start) // (whole.end - whole.start)
