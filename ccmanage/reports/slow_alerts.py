"""Find the thresholds that no single move of a balance crosses: projected run-outs, and the spend of a day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccmanage.core.clock import DAY, Clock
from ccmanage.credits.service import CreditService
from ccmanage.notifications import rules
from ccmanage.notifications.models import Threshold, ThresholdKind
from ccmanage.notifications.service import ThresholdService
from ccmanage.reports.alert_preview import PACE_DAYS
from ccmanage.subscriptions.views import SubscriptionViews
from ccmanage.usage.models import SLOT_MS, Rollup

CHUNK: Final = 200


class SlowAlerts:
    """Looks at a chunk of thresholds at a time; locked, so that two workers claim each once."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        thresholds: ThresholdService,
        credits: CreditService,
        plans: SubscriptionViews,
    ) -> None:
        self._session = session
        self._clock = clock
        self._thresholds = thresholds
        self._credits = credits
        self._plans = plans

    def look(self, after: int) -> int | None:
        """Look at the next thresholds after a number; returns the last of them, None when those were all."""
        rows = self._thresholds.slow_chunk(after, CHUNK)
        by_kind: dict[int, list[Threshold]] = defaultdict(list)
        for row in rows:
            by_kind[row.kind].append(row)
        self._run_outs([row for row in by_kind[ThresholdKind.RUN_OUT] if row.armed])
        self._daily_spends(by_kind[ThresholdKind.SPEND_PER_DAY])
        return rows[-1].id if len(rows) == CHUNK else None

    def _run_outs(self, rows: Sequence[Threshold]) -> None:
        if not rows:
            return
        now = self._clock.now_ms()
        workspaces = sorted({row.workspace_id for row in rows})
        balances = self._credits.balances(workspaces)
        spent = self._spent(workspaces, now - PACE_DAYS * DAY)
        for row in rows:
            balance = balances[row.workspace_id].balance_nano if row.workspace_id in balances else 0
            gone = rules.runs_out_at(balance, spent.get(row.workspace_id, 0), PACE_DAYS, now)
            if not rules.will_run_out(gone, 0, row.value, now):
                continue
            if rules.will_run_out(gone, self._plans.resets_at(row.workspace_id) or 0, row.value, now):
                self._thresholds.claim(row, row.period, balance, runs_out_at=gone)

    def _daily_spends(self, rows: Iterable[Threshold]) -> None:
        now = self._clock.now_ms()
        by_zone: dict[str, list[Threshold]] = defaultdict(list)
        for row in rows:
            by_zone[bytes(row.zone).decode()].append(row)
        for zone, those in sorted(by_zone.items()):
            day = rules.day_number(now, zone)
            waiting = [row for row in those if row.period != day]
            spent = self._spent({row.workspace_id for row in waiting}, rules.day_start(day, zone))
            for row in waiting:
                if (found := spent.get(row.workspace_id, 0)) >= row.value:
                    self._thresholds.claim(row, day, found)

    def _spent(self, workspaces: Iterable[int], since: int) -> dict[int, int]:
        rows = self._session.execute(
            select(Rollup.workspace_id, func.sum(Rollup.credits_nano))
            .where(Rollup.workspace_id.in_(sorted(workspaces) or [0]), Rollup.slot >= since // SLOT_MS)
            .group_by(Rollup.workspace_id)
        )
        return {int(row[0]): int(row[1]) for row in rows if row[1]}
