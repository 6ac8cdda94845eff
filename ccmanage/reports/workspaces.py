"""Workspaces as administrators see them: owner, balance, spend, members and keys beside each name."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccmanage.accounts.service import AccountService
from ccmanage.accounts.values import Account
from ccmanage.core.clock import DAY, Clock
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.credits.service import CreditService
from ccmanage.keys.service import KeyService
from ccmanage.usage.models import SLOT_MS, Rollup
from ccmanage.workspaces.models import Workspace, WorkspaceKind, WorkspaceState
from ccmanage.workspaces.service import WorkspaceService

SPEND_MS = 30 * DAY


@dataclass(frozen=True, slots=True)
class WorkspaceLine:
    """One workspace with its figures."""

    public_id: bytes
    name: str
    kind: WorkspaceKind
    state: WorkspaceState
    owner: Account | None
    balance_nano: int
    debt_nano: int
    spent_nano: int
    members: int
    keys: int
    revision: int
    created_at: int


class WorkspaceReport:
    """Reads each figure for a whole page with one query."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        workspaces: WorkspaceService,
        accounts: AccountService,
        keys: KeyService,
        credits: CreditService,
    ) -> None:
        self._session = session
        self._clock = clock
        self._workspaces = workspaces
        self._accounts = accounts
        self._keys = keys
        self._credits = credits

    def page(self, ask: PageRequest, *, search: str | None = None) -> Page[WorkspaceLine]:
        """Return workspaces, newest first, or those whose name contains a text."""
        page = self._workspaces.page(ask, search=search)
        return Page(self._lines(page.items), page.next_cursor)

    def get(self, public_id: bytes) -> WorkspaceLine:
        """Return one workspace; raises WorkspaceNotFound."""
        return self._lines([self._workspaces.get(public_id)])[0]

    def _lines(self, workspaces: Sequence[Workspace]) -> list[WorkspaceLine]:
        numbers = [workspace.id for workspace in workspaces]
        owners = self._workspaces.owners_of(numbers)
        people = self._accounts.named(owners.values())
        members, keys = self._workspaces.member_counts(numbers), self._keys.active_counts(numbers)
        balances, spent = self._credits.balances(numbers), self._spent(numbers)
        return [
            WorkspaceLine(
                public_id=workspace.public_id,
                name=workspace.name,
                kind=WorkspaceKind(workspace.kind),
                state=WorkspaceState(workspace.state),
                owner=people.get(owners.get(workspace.id, 0)),
                balance_nano=balances[workspace.id].balance_nano,
                debt_nano=balances[workspace.id].debt_nano,
                spent_nano=spent.get(workspace.id, 0),
                members=members.get(workspace.id, 0),
                keys=keys.get(workspace.id, 0),
                revision=workspace.revision,
                created_at=workspace.created_at,
            )
            for workspace in workspaces
        ]

    def _spent(self, numbers: list[int]) -> dict[int, int]:
        since = (self._clock.now_ms() - SPEND_MS) // SLOT_MS
        rows = self._session.execute(
            select(Rollup.workspace_id, func.sum(Rollup.credits_nano))
            .where(Rollup.workspace_id.in_(numbers), Rollup.slot >= since)
            .group_by(Rollup.workspace_id)
        )
        return {row[0]: int(row[1]) for row in rows}
