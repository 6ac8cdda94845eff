"""Queries of the audit log."""

from sqlalchemy import select

from ccmanage.audit.models import AuditDetail, AuditEntry
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository


class AuditRepository(Repository[AuditEntry]):
    """Entries and their erasable side."""

    model = AuditEntry

    def add_detail(self, entry: AuditEntry, sealed: bytes) -> None:
        """Insert the erasable side of an entry."""
        self.session.add(AuditDetail(entry_id=entry.id, public_id=entry.public_id, sealed=sealed))

    def page_of_log(self, ask: PageRequest, *, action: str | None, actor_user_id: int | None) -> Page[AuditEntry]:
        """Return entries, newest first, of one kind of deed or one person if asked."""
        statement = select(AuditEntry)
        if action is not None:
            statement = statement.where(AuditEntry.action == action)
        if actor_user_id is not None:
            statement = statement.where(AuditEntry.actor_user_id == actor_user_id)
        return self.page(statement, ask, AuditEntry.id)

    def details_of(self, entry_ids: list[int]) -> dict[int, bytes]:
        """Return the erasable sides that still exist."""
        rows = self.session.scalars(select(AuditDetail).where(AuditDetail.entry_id.in_(entry_ids)))
        return {row.entry_id: row.sealed for row in rows}
