"""Queries of grants, balances and the ledger."""

from collections.abc import Sequence

from sqlalchemy import select, union

from ccmanage.core.pagination import Page, PageRequest, page_of
from ccmanage.core.repository import Repository
from ccmanage.credits.models import Balance, Grant, GrantState, Hold, HoldState, LedgerEntry, Reference


class CreditRepository(Repository[Grant]):
    """Reads of the books; what moves credits is in `books`."""

    model = Grant

    def balance(self, workspace_id: int) -> Balance | None:
        """Return a workspace's balance."""
        return self.session.get(Balance, workspace_id, populate_existing=True)

    def balances(self, workspace_ids: Sequence[int]) -> dict[int, Balance]:
        """Return the balances of many workspaces."""
        rows = self.session.scalars(select(Balance).where(Balance.workspace_id.in_(workspace_ids)))
        return {row.workspace_id: row for row in rows}

    def add_balance(self, balance: Balance) -> None:
        """Open a workspace's books."""
        self.session.add(balance)
        self.session.flush()

    def grant(self, workspace_id: int, public_id: bytes) -> Grant | None:
        """Find a workspace's grant."""
        return self.one(select(Grant).where(Grant.public_id == public_id, Grant.workspace_id == workspace_id))

    def add_hold(self, hold: Hold) -> Hold:
        """Insert a hold."""
        self.session.add(hold)
        self.session.flush()
        return hold

    def hold(self, public_id: bytes) -> Hold | None:
        """Find a hold."""
        return self.session.scalar(select(Hold).where(Hold.public_id == public_id))

    def workspaces_with_due_holds(self, now: int, limit: int) -> list[int]:
        """Return workspaces of which holds have run out."""
        statement = (
            select(Hold.workspace_id)
            .where(Hold.state == HoldState.ACTIVE, Hold.expires_at <= now)
            .distinct()
            .limit(limit)
        )
        return list(self.session.scalars(statement))

    def living(self, workspace_id: int, limit: int = 200) -> Sequence[Grant]:
        """Return the scheduled and active grants of a workspace."""
        states = (GrantState.SCHEDULED, GrantState.ACTIVE)
        statement = select(Grant).where(Grant.workspace_id == workspace_id, Grant.state.in_(states)).limit(limit)
        return self.session.scalars(statement).all()

    def grants_page(self, workspace_id: int, ask: PageRequest) -> Page[Grant]:
        """Return all grants of a workspace, newest first."""
        return self.page(select(Grant).where(Grant.workspace_id == workspace_id), ask, Grant.id)

    def ledger_page(self, workspace_id: int, kind: int | None, ask: PageRequest) -> Page[LedgerEntry]:
        """Return the ledger of a workspace, newest first."""
        statement = select(LedgerEntry).where(LedgerEntry.workspace_id == workspace_id)
        if kind is not None:
            statement = statement.where(LedgerEntry.kind == kind)
        at = ask.position()
        if at is not None:
            statement = statement.where(LedgerEntry.seq < at[0])
        rows = list(self.session.scalars(statement.order_by(LedgerEntry.seq.desc()).limit(ask.limit + 1)))
        return page_of(rows, ask, lambda row: (row.seq,))

    def entry(self, workspace_id: int, seq: int) -> LedgerEntry | None:
        """Return an entry of a workspace by its number."""
        return self.session.get(LedgerEntry, (workspace_id, seq))

    def reversals_of(self, workspace_id: int, seq: int) -> Sequence[LedgerEntry]:
        """Return what reversed an entry."""
        statement = select(LedgerEntry).where(
            LedgerEntry.ref_kind == Reference.ENTRY,
            LedgerEntry.ref_id == seq,
            LedgerEntry.workspace_id == workspace_id,
        )
        return self.session.scalars(statement.order_by(LedgerEntry.seq)).all()

    def grants_by_number(self, numbers: Sequence[int]) -> dict[int, Grant]:
        """Return grants by their inside numbers."""
        return {row.id: row for row in self.session.scalars(select(Grant).where(Grant.id.in_(numbers)))}

    def allowance_of(self, renewal_id: int) -> int:
        """Return the amount of the grant that a renewal opened a period with."""
        return self.session.scalar(select(Grant.amount_nano).where(Grant.renewal_id == renewal_id).limit(1)) or 0

    def workspaces_with_due_grants(self, now: int, limit: int) -> list[int]:
        """Return workspaces in which a grant starts or ends by now."""
        starting = (
            select(Grant.workspace_id)
            .where(Grant.state == GrantState.SCHEDULED, Grant.effective_at <= now)
            .order_by(Grant.effective_at)
            .limit(limit)
        )
        ending = (
            select(Grant.workspace_id)
            .where(
                Grant.state == GrantState.ACTIVE, Grant.expires_at > 0, Grant.expires_at <= now, Grant.renewal_id == 0
            )
            .order_by(Grant.expires_at)
            .limit(limit)
        )
        both = union(select(starting.subquery()), select(ending.subquery()))
        return sorted(self.session.scalars(both))[:limit]

    def entries_of_renewals(self, renewal_ids: Sequence[int]) -> Sequence[LedgerEntry]:
        """Return what renewals wrote, in the order of the ledger."""
        statement = select(LedgerEntry).where(
            LedgerEntry.ref_kind == Reference.RENEWAL, LedgerEntry.ref_id.in_(renewal_ids)
        )
        return self.session.scalars(statement.order_by(LedgerEntry.workspace_id, LedgerEntry.seq)).all()

    def entries_of_settlement(self, settlement_id: int, workspace_id: int) -> Sequence[LedgerEntry]:
        """Return what a settlement took from a workspace."""
        statement = select(LedgerEntry).where(
            LedgerEntry.ref_kind == Reference.SETTLEMENT,
            LedgerEntry.ref_id == settlement_id,
            LedgerEntry.workspace_id == workspace_id,
        )
        return self.session.scalars(statement).all()
