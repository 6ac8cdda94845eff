"""Queries of the audit log."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, delete, or_, select, update

from ccmanage.audit.asking import LogFilter
from ccmanage.audit.models import AuditDetail, AuditEntry, AuditSeal
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks
from ccmanage.core.text import LIKE_ESCAPE, like_literally


class AuditRepository(Repository[AuditEntry]):
    """Entries, their erasable side, and the seals over them."""

    model = AuditEntry

    def add_detail(self, entry: AuditEntry, sealed: bytes) -> None:
        """Insert the erasable side of an entry."""
        self.session.add(AuditDetail(entry_id=entry.id, public_id=entry.public_id, sealed=sealed))

    def page_of_log(self, ask: PageRequest, wanted: LogFilter) -> Page[AuditEntry]:
        """Return entries, newest first."""
        return self.page(_narrowed(select(AuditEntry), wanted), ask, AuditEntry.id)

    def details_of(self, entry_ids: list[int]) -> dict[int, bytes]:
        """Return the erasable sides that still exist."""
        found: dict[int, bytes] = {}
        for part in chunks(entry_ids, IN_LIST):
            rows = self.session.scalars(select(AuditDetail).where(AuditDetail.entry_id.in_(part)))
            found.update({row.entry_id: row.sealed for row in rows})
        return found

    def about(self, user_id: int, user_public_id: str, after: int, limit: int) -> list[AuditEntry]:
        """Return entries whose actor or subject a person is, lowest number first."""
        return list(
            self.session.scalars(
                select(AuditEntry)
                .where(_concerns(user_id, user_public_id), AuditEntry.id > after)
                .order_by(AuditEntry.id)
                .limit(limit)
            )
        )

    def erase_details(self, user_id: int, user_public_id: str, workspace_ids: Sequence[int], limit: int) -> int:
        """Delete readable sides of what concerns a person or a workspace of theirs; returns how many."""
        concerns = _concerns(user_id, user_public_id)
        if workspace_ids:
            concerns = or_(concerns, AuditEntry.workspace_id.in_(workspace_ids))
        readable = (
            select(AuditDetail.entry_id)
            .join(AuditEntry, AuditEntry.id == AuditDetail.entry_id)
            .where(concerns)
            .limit(limit)
        )
        numbers = list(self.session.scalars(readable))
        for part in chunks(numbers, IN_LIST):
            self.session.execute(delete(AuditDetail).where(AuditDetail.entry_id.in_(part)))
        return len(numbers)

    def unsealed(self, limit: int) -> list[AuditEntry]:
        """Return committed entries under no seal, lowest number first."""
        waiting = select(AuditEntry).where(AuditEntry.seal_id == 0).order_by(AuditEntry.id).limit(limit)
        return list(self.session.scalars(waiting))

    def last_seal(self) -> AuditSeal | None:
        """Return the newest link of the chain."""
        return self.session.scalars(select(AuditSeal).order_by(AuditSeal.id.desc()).limit(1)).one_or_none()

    def add_seal(self, seal: AuditSeal) -> None:
        """Insert a link; a twin that was faster makes this fail."""
        self.session.add(seal)
        self.session.flush()

    def mark_sealed(self, entry_ids: Sequence[int], seal_id: int) -> None:
        """Note which seal covers the entries."""
        for part in chunks(entry_ids, IN_LIST):
            self.session.execute(update(AuditEntry).where(AuditEntry.id.in_(part)).values(seal_id=seal_id))

    def oldest_whole_seals(self, after: int, limit: int) -> list[AuditSeal]:
        """Return the oldest seals above a number whose entries are still there."""
        whole = select(AuditSeal).where(AuditSeal.id > after, AuditSeal.cut_at == 0).order_by(AuditSeal.id).limit(limit)
        return list(self.session.scalars(whole))

    def delete_sealed(self, seal_id: int) -> int:
        """Delete the entries of a seal with their details; returns how many."""
        numbers = list(self.session.scalars(select(AuditEntry.id).where(AuditEntry.seal_id == seal_id)))
        for part in chunks(numbers, IN_LIST):
            self.session.execute(delete(AuditDetail).where(AuditDetail.entry_id.in_(part)))
            self.session.execute(delete(AuditEntry).where(AuditEntry.id.in_(part)))
        return len(numbers)


def _narrowed(statement: Select[AuditEntry], wanted: LogFilter) -> Select[AuditEntry]:
    if wanted.action is not None:
        matches = (
            AuditEntry.action.like(like_literally(wanted.action) + "%", escape=LIKE_ESCAPE)
            if wanted.action.endswith(".")
            else AuditEntry.action == wanted.action
        )
        statement = statement.where(matches)
    if wanted.actor_user_id is not None:
        statement = statement.where(AuditEntry.actor_user_id == wanted.actor_user_id)
    if wanted.subject_id is not None:
        statement = statement.where(AuditEntry.subject_id == wanted.subject_id)
    if wanted.workspace_id is not None:
        statement = statement.where(AuditEntry.workspace_id == wanted.workspace_id)
    if wanted.request_id is not None:
        statement = statement.where(AuditEntry.request_id == wanted.request_id)
    if wanted.from_at is not None:
        statement = statement.where(AuditEntry.at >= wanted.from_at)
    if wanted.to_at is not None:
        statement = statement.where(AuditEntry.at < wanted.to_at)
    return statement


def _concerns(user_id: int, user_public_id: str) -> ColumnElement[bool]:
    return or_(
        AuditEntry.actor_user_id == user_id,
        AuditEntry.as_user_id == user_id,
        AuditEntry.subject_id == user_public_id,
    )
