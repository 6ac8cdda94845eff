"""Tell when a threshold would have fired in the last month, from the ledger and the rollups."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccmanage.core.clock import DAY, HOUR, Clock
from ccmanage.credits.models import Grant, LedgerEntry
from ccmanage.notifications.models import ThresholdKind
from ccmanage.notifications.service import check_value
from ccmanage.reports.alert_rules import Pace, Step, replay_balance, replay_days, replay_pace
from ccmanage.usage.models import SLOT_MS, Rollup

DAYS: Final = 31
PACE_DAYS: Final = 7
_MOST_ENTRIES: Final = 20_000
_MOST_GRANTS: Final = 1_000
_LOOKS_EVERY: Final = 6 * HOUR
_MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Fired:
    """When a threshold would have fired, newest first."""

    days: int
    at: Sequence[int]
    complete: bool


class AlertPreview:
    """Tries thresholds out on what has been."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def of(self, workspace_id: int, kind: ThresholdKind, value: int, zone: str) -> Fired:
        """Return when a threshold would have fired; raises InvalidInput."""
        check_value(kind, value)
        now = self._clock.now_ms()
        since = now - DAYS * DAY
        if kind is ThresholdKind.SPEND_PER_DAY:
            return _fired(replay_days(value, zone, self._spends(workspace_id, since)), complete=True)
        steps, complete = self._steps(workspace_id, since)
        grants = self._grants(workspace_id)
        if kind is ThresholdKind.RUN_OUT:
            spends = self._spends(workspace_id, since - PACE_DAYS * DAY)
            return _fired(replay_pace(value, PACE_DAYS, _paces(steps, spends, grants, since, now)), complete=complete)
        first, *rest = _with_bases(steps, grants)
        return _fired(replay_balance(kind, value, first, rest), complete=complete)

    def _steps(self, workspace_id: int, since: int) -> tuple[list[Step], bool]:
        """Return how the balance moved: one step for each transaction, the first is where it began."""
        rows = self._session.execute(
            select(LedgerEntry.at, LedgerEntry.balance_after_nano, LedgerEntry.amount_nano)
            .where(LedgerEntry.workspace_id == workspace_id, LedgerEntry.at >= since)
            .order_by(LedgerEntry.seq.desc())
            .limit(_MOST_ENTRIES)
        ).all()[::-1]
        if not rows:
            last = self._session.scalar(
                select(LedgerEntry.balance_after_nano)
                .where(LedgerEntry.workspace_id == workspace_id)
                .order_by(LedgerEntry.seq.desc())
                .limit(1)
            )
            return [Step(since, int(last or 0))], True
        start = Step(since, rows[0][1] - rows[0][2])
        moved = [Step(at, list(same)[-1][1]) for at, same in groupby(rows, key=lambda row: int(row[0]))]
        return [start, *moved], len(rows) < _MOST_ENTRIES

    def _grants(self, workspace_id: int) -> list[tuple[int, int]]:
        """Return when the subscription's grants began and what they were, in order."""
        rows = self._session.execute(
            select(Grant.effective_at, Grant.amount_nano)
            .where(Grant.workspace_id == workspace_id, Grant.renewal_id > 0)
            .order_by(Grant.id.desc())
            .limit(_MOST_GRANTS)
        )
        return sorted((row[0], row[1]) for row in rows)

    def _spends(self, workspace_id: int, since: int) -> list[tuple[int, int]]:
        rows = self._session.execute(
            select(Rollup.slot, func.sum(Rollup.credits_nano))
            .where(Rollup.workspace_id == workspace_id, Rollup.slot >= since // SLOT_MS)
            .group_by(Rollup.slot)
            .order_by(Rollup.slot)
        )
        return [(int(slot) * SLOT_MS, int(spent)) for slot, spent in rows]


def _fired(at: Sequence[int], *, complete: bool) -> Fired:
    return Fired(DAYS, at[::-1][:_MOST_SHOWN], complete)


def _with_bases(steps: Sequence[Step], grants: Sequence[tuple[int, int]]) -> list[Step]:
    """Say at each step which grant percents were of, where it changed."""
    starts = [at for at, _amount in grants]
    found, known = [], -1
    for step in steps:
        place = bisect_right(starts, step.at) - 1
        base = grants[place][1] if place >= 0 and place != known else None
        known = max(place, known)
        found.append(Step(step.at, step.balance, base))
    return found


def _paces(
    steps: Sequence[Step],
    spends: Sequence[tuple[int, int]],
    grants: Sequence[tuple[int, int]],
    since: int,
    now: int,
) -> list[Pace]:
    """Look every six hours, as the timetable does more often: the balance then, and the pace of the week before."""
    times, starts = [step.at for step in steps], [at for at, _amount in grants]
    spent_at, sums = [at for at, _spent in spends], [0]
    for _at, spent in spends:
        sums.append(sums[-1] + spent)
    paces, before = [], 0
    for at in range(since + _LOOKS_EVERY, now + 1, _LOOKS_EVERY):
        place = max(bisect_right(times, at) - 1, 0)
        rose = any(
            steps[one].balance > steps[one - 1].balance for one in range(max(before, 1), place + 1) if one > before
        )
        spent = sums[bisect_right(spent_at, at)] - sums[bisect_right(spent_at, at - PACE_DAYS * DAY)]
        later = bisect_right(starts, at)
        paces.append(Pace(at, steps[place].balance, spent, starts[later] if later < len(starts) else 0, rose))
        before = place
    return paces
