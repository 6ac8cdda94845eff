"""The whole installation at a glance, for administrators."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccmanage.accounts.service import AccountService
from ccmanage.credits.models import Balance
from ccmanage.gateways.service import GatewayService
from ccmanage.keys.service import KeyService
from ccmanage.reports.rules import Dimension, slots_of
from ccmanage.reports.usage import Question, Row, Sums, UsageReport
from ccmanage.usage.models import Rollup
from ccmanage.usage.quarantine import QuarantineService
from ccmanage.usage.service import Backlog, UsageService
from ccmanage.workspaces.models import Workspace
from ccmanage.workspaces.service import WorkspaceService

TOP = 10
_STEP = 20
_MOST_STEPS = 25


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are."""

    workspaces: int
    users: int
    keys: int
    gateways: int
    quarantine_open: int
    unpriced_events: int


@dataclass(frozen=True, slots=True)
class Spender:
    """A workspace and what it spent."""

    workspace: Workspace
    credits_nano: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Figures of the installation, and its usage in a range."""

    counts: Counts
    backlog: Backlog
    spend: Sums
    by_model: Sequence[Row]
    by_day: Sequence[Row]
    top: Sequence[Spender]


@dataclass(frozen=True, slots=True)
class Features:
    """What the figures are asked from."""

    workspaces: WorkspaceService
    accounts: AccountService
    keys: KeyService
    gateways: GatewayService
    usage: UsageService
    quarantine: QuarantineService


class OverviewReport:
    """Reads sums over all workspaces from rollups of their own."""

    def __init__(self, session: Session, features: Features, sums: UsageReport) -> None:
        self._session = session
        self._features = features
        self._sums = sums

    def of(self, from_at: int, to_at: int, zone: str) -> Overview:
        """Return the overview of a range; raises InvalidInput."""
        by_day = self._sums.summary(Question(None, from_at, to_at, zone, Dimension.DAY))
        by_model = self._sums.summary(Question(None, from_at, to_at, zone, Dimension.MODEL))
        backlog = self._features.usage.backlog()
        return Overview(self._counts(), backlog, by_day.total, by_model.rows, by_day.rows, self._top(from_at, to_at))

    def _counts(self) -> Counts:
        asked = self._features
        return Counts(
            workspaces=asked.workspaces.count(),
            users=asked.accounts.count(),
            keys=asked.keys.count_active(),
            gateways=asked.gateways.count_active(),
            quarantine_open=asked.quarantine.count_open(),
            unpriced_events=asked.usage.unpriced_count(),
        )

    def _top(self, from_at: int, to_at: int) -> list[Spender]:
        """Return who spent most in a range, without reading the rollups of all.

        Nobody spent more in a range than in all their life: so the lifelong biggest spenders are looked at in
        turn, until the next of them could not come among the first any more.
        """
        first, end = slots_of(from_at, to_at)
        found: dict[int, int] = {}
        for step in count():
            candidates = self._session.execute(
                select(Balance.workspace_id, Balance.spent_nano)
                .where(Balance.spent_nano > 0)
                .order_by(Balance.spent_nano.desc(), Balance.workspace_id)
                .limit(_STEP)
                .offset(step * _STEP)
            ).all()
            best = sorted(found.values(), reverse=True)[:TOP]
            if not candidates or step == _MOST_STEPS or (len(best) == TOP and candidates[0].spent_nano <= best[-1]):
                break
            found |= self._spent([row.workspace_id for row in candidates], first, end)
        ranked = sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))[:TOP]
        names = self._features.workspaces.named(number for number, _ in ranked)
        return [Spender(names[number], spent) for number, spent in ranked]

    def _spent(self, workspaces: Sequence[int], first: int, end: int) -> dict[int, int]:
        rows = self._session.execute(
            select(Rollup.workspace_id, func.sum(Rollup.credits_nano))
            .where(Rollup.workspace_id.in_(workspaces), Rollup.slot >= first, Rollup.slot < end)
            .group_by(Rollup.workspace_id)
        )
        return {row[0]: int(row[1]) for row in rows if row[1]}
