"""When a threshold would have fired, had it been set: plain series in, instants out."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ccmanage.notifications import rules
from ccmanage.notifications.rules import Mark


class Step(NamedTuple):
    """A balance from an instant on; `base` is the subscription grant where a new one came."""

    at: int
    balance: int
    base: int | None = None


class Pace(NamedTuple):
    """How things stood at an instant: the balance, what the days before had spent, when the next allowance came."""

    at: int
    balance: int
    spent: int
    resets_at: int
    credited: bool


def replay_balance(kind: int, value: int, start: Step, steps: Iterable[Step]) -> list[int]:
    """Return when a balance came down to a threshold from above, once for each time it had been lifted."""
    mark = Mark(0, kind, value, rules.amount_of(kind, value, start.base or 0), False, 0)
    rules.weigh([mark], start.balance, base=start.base)
    fired, before = [], start.balance
    for step in steps:
        if rules.weigh([mark], step.balance, base=step.base, rose=step.balance > before):
            fired.append(step.at)
        before = step.balance
    return fired


def replay_pace(within_days: int, over_days: int, paces: Iterable[Pace]) -> list[int]:
    """Return when credits were going to run out within so many days, once for each time that credits had come."""
    fired, armed = [], True
    for pace in paces:
        armed = armed or pace.credited
        gone = rules.runs_out_at(pace.balance, pace.spent, over_days, pace.at)
        if armed and rules.will_run_out(gone, pace.resets_at, within_days, pace.at):
            fired.append(pace.at)
            armed = False
    return fired


def replay_days(value: int, zone: str, spends: Sequence[tuple[int, int]]) -> list[int]:
    """Return when the spend of a day reached a threshold; `spends` are instants with what was spent, in order."""
    fired: list[int] = []
    day = sum_ = 0
    for at, spent in spends:
        today = rules.day_number(at, zone)
        if today != day:
            day, sum_ = today, 0
        if sum_ < value <= sum_ + spent:
            fired.append(at)
        sum_ += spent
    return fired
