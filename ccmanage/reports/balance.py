"""A workspace's balance, how fast it is spent, and when it will be gone."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccmanage.core.clock import DAY, Clock
from ccmanage.credits.holds import HoldService
from ccmanage.credits.service import CreditService, Standing
from ccmanage.packages.rules import UNLIMITED_NANO
from ccmanage.subscriptions.views import SubscriptionViews
from ccmanage.usage.models import SLOT_MS, Rollup

PACE_DAYS = 7
# Beyond this a guess from a week's pace says nothing.
_FARTHEST_MS = 3_660 * DAY


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """The balance and its outlook: when the next allowance comes, when the credits end at the pace of a week."""

    standing: Standing
    held_nano: int
    per_day_nano: int
    runs_out_at: int | None
    resets_at: int | None

    @property
    def overdraft_nano(self) -> int | None:
        """Return how far below zero the workspace may go; None without an end."""
        allowed = self.standing.balance.overdraft_nano
        return None if allowed >= UNLIMITED_NANO else allowed

    @property
    def available_nano(self) -> int:
        """Return what may still be spent: the overdraft allowance counts, unless it has no end."""
        return self.standing.balance.balance_nano - self.held_nano + (self.overdraft_nano or 0)


class BalanceReport:
    """Balances with their outlook."""

    def __init__(
        self, session: Session, clock: Clock, credits: CreditService, holds: HoldService, plans: SubscriptionViews
    ) -> None:
        self._session = session
        self._clock = clock
        self._credits = credits
        self._holds = holds
        self._plans = plans

    def of(self, workspace_id: int) -> BalanceLine:
        """Return a workspace's balance; raises NoSuchAccount."""
        standing, now = self._credits.standing(workspace_id), self._clock.now_ms()
        spent = self._session.scalar(
            select(func.sum(Rollup.credits_nano)).where(
                Rollup.workspace_id == workspace_id, Rollup.slot >= (now - PACE_DAYS * DAY) // SLOT_MS
            )
        )
        per_day = int(spent or 0) // PACE_DAYS
        runs_out_at = _runs_out(standing.balance.balance_nano, per_day, now)
        held, resets_at = self._holds.held(workspace_id), self._plans.resets_at(workspace_id)
        return BalanceLine(standing, held, per_day, runs_out_at, resets_at)


def _runs_out(balance_nano: int, per_day_nano: int, now: int) -> int | None:
    if balance_nano <= 0 or per_day_nano <= 0:
        return None
    left_ms = balance_nano * DAY // per_day_nano
    return now + left_ms if left_ms <= _FARTHEST_MS else None
