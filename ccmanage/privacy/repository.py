"""Queries of exports, erasures and consents."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import and_, delete, func, select, text, update

from ccmanage.accounts.models import Role, User, UserState
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks
from ccmanage.privacy.models import (
    Consent,
    DataExport,
    ErasureRequest,
    ErasureState,
    ExportChunk,
    ExportState,
    RetentionMark,
)
from ccmanage.workspaces.models import Workspace


class Newcomer(NamedTuple):
    """An account, and whether it is one whose address nobody ever confirmed."""

    user_id: int
    is_unverified: bool


_OPEN = (ExportState.WAITING, ExportState.BUILDING)


class ExportRepository(Repository[DataExport]):
    """Exports and their files."""

    model = DataExport

    def latest_of(self, user_id: int) -> DataExport | None:
        """Return what a person asked for last."""
        return self.one(select(DataExport).where(DataExport.user_id == user_id).order_by(DataExport.id.desc()).limit(1))

    def of_person(self, user_id: int) -> list[DataExport]:
        """Return all exports of a person."""
        return list(self.session.scalars(select(DataExport).where(DataExport.user_id == user_id)))

    def next_due(self, now: int) -> DataExport | None:
        """Return an export that waits, or whose maker has not been heard of."""
        due = (
            select(DataExport)
            .where(DataExport.state.in_(_OPEN), DataExport.next_attempt_at <= now)
            .order_by(DataExport.next_attempt_at)
            .limit(1)
        )
        return self.one(due)

    def claim(self, number: int, tries: int, until: int) -> bool:
        """Take an export, if nobody else did since it was read."""
        taken = self.session.execute(
            update(DataExport)
            .where(DataExport.id == number, DataExport.tries == tries, DataExport.state.in_(_OPEN))
            .values(tries=tries + 1, next_attempt_at=until, state=ExportState.BUILDING, done=0)
        )
        return bool(taken.rowcount)  # type: ignore[attr-defined]

    def progress(self, number: int, tries: int, done: int, until: int) -> bool:
        """Note how far the making is; False if somebody else has taken it over."""
        noted = self.session.execute(
            update(DataExport)
            .where(DataExport.id == number, DataExport.tries == tries, DataExport.state == ExportState.BUILDING)
            .values(done=done, next_attempt_at=until)
        )
        return bool(noted.rowcount)  # type: ignore[attr-defined]

    def add_chunk(self, chunk: ExportChunk) -> None:
        """Insert a piece of a file."""
        self.session.add(chunk)
        self.session.flush()

    def chunk(self, export_id: int, number: int) -> ExportChunk | None:
        """Return a piece of a file."""
        return self.session.scalars(
            select(ExportChunk).where(ExportChunk.export_id == export_id, ExportChunk.number == number)
        ).one_or_none()

    def drop_chunks(self, export_ids: Sequence[int]) -> None:
        """Delete files."""
        for part in chunks(export_ids, IN_LIST):
            self.session.execute(delete(ExportChunk).where(ExportChunk.export_id.in_(part)))

    def forget_before(self, at: int, limit: int) -> int:
        """Delete the record of exports that were asked for before an instant and are over; returns how many."""
        old = select(DataExport.id).where(
            DataExport.requested_at < at, DataExport.state.in_((ExportState.FAILED, ExportState.EXPIRED))
        )
        numbers = list(self.session.scalars(old.order_by(DataExport.id).limit(limit)))
        self.drop_chunks(numbers)
        for part in chunks(numbers, IN_LIST):
            self.session.execute(delete(DataExport).where(DataExport.id.in_(part)))
        return len(numbers)

    def over(self, now: int, limit: int) -> list[DataExport]:
        """Return exports whose files nobody may fetch any more."""
        ended = (
            select(DataExport)
            .where(DataExport.state == ExportState.READY, DataExport.expires_at <= now)
            .order_by(DataExport.expires_at)
            .limit(limit)
        )
        return list(self.session.scalars(ended))


class ErasureRepository(Repository[ErasureRequest]):
    """Erasures: those that wait, and the record of those that were done."""

    model = ErasureRequest

    def open_of(self, user_id: int) -> ErasureRequest | None:
        """Return a person's request that waits or is being carried out."""
        return self.one(select(ErasureRequest).where(ErasureRequest.active_user_id == user_id))

    def due(self, now: int, limit: int) -> list[int]:
        """Return the numbers of requests whose time has come."""
        waiting = (
            select(ErasureRequest.id)
            .where(
                ErasureRequest.state.in_((ErasureState.PENDING, ErasureState.RUNNING)),
                ErasureRequest.due_at <= now,
                ErasureRequest.next_attempt_at <= now,
            )
            .order_by(ErasureRequest.due_at)
            .limit(limit)
        )
        return list(self.session.scalars(waiting))

    def done_after(self, number: int, limit: int) -> list[ErasureRequest]:
        """Return the record of carried-out erasures, in their order."""
        log = (
            select(ErasureRequest)
            .where(ErasureRequest.state == ErasureState.DONE, ErasureRequest.id > number)
            .order_by(ErasureRequest.id)
            .limit(limit)
        )
        return list(self.session.scalars(log))

    def people_done_since(self, at: int) -> list[int]:
        """Return whose erasure was carried out since an instant."""
        done = select(ErasureRequest.user_id).where(
            ErasureRequest.state == ErasureState.DONE, ErasureRequest.done_at >= at
        )
        return list(self.session.scalars(done.order_by(ErasureRequest.id)))

    def done_of(self, user_public_id: bytes) -> ErasureRequest | None:
        """Return the record that a person was erased."""
        return self.session.scalars(
            select(ErasureRequest)
            .where(ErasureRequest.user_public_id == user_public_id, ErasureRequest.state == ErasureState.DONE)
            .limit(1)
        ).one_or_none()

    def people_between(self, after: int, before: int, limit: int) -> list[Newcomer]:
        """Return accounts above a number that were made before an instant, the lowest number first."""
        unverified = and_(User.email_verified_at.is_(None), User.state != UserState.ERASED, User.role != Role.ADMIN)
        rows = self.session.execute(
            select(User.id, unverified.label("is_unverified"))
            .where(User.id > after, User.created_at < before)
            .order_by(User.id)
            .limit(limit)
        )
        return [Newcomer(int(number), bool(is_unverified)) for number, is_unverified in rows]

    def personal_workspaces(self, user_id: int) -> list[int]:
        """Return the workspaces that are a person's alone."""
        return list(self.session.scalars(select(Workspace.id).where(Workspace.personal_user_id == user_id)))

    def solely_owned(self, user_id: int) -> list[str]:
        """Return the names of the open shared workspaces that nobody else owns."""
        rows = self.session.execute(
            text(
                "SELECT w.name FROM members m JOIN workspaces w ON w.id = m.workspace_id"
                " WHERE m.user_id = :person AND m.role = 3 AND w.kind = 1 AND w.state <> 2"
                " AND NOT EXISTS (SELECT 1 FROM members o WHERE o.workspace_id = m.workspace_id AND o.role = 3"
                " AND o.user_id <> m.user_id)"
                " ORDER BY w.name LIMIT 20"
            ),
            {"person": user_id},
        )
        return [str(name) for (name,) in rows]


class RetentionRepository(Repository[RetentionMark]):
    """How far retention has come."""

    model = RetentionMark

    def mark(self, name: str, now: int) -> RetentionMark:
        """Return the mark of a kind of data, locked; it is made when it is first asked for."""
        found = self.session.get(RetentionMark, name, with_for_update=True)
        return found or self.add(RetentionMark(name=name, reached=0, removed=0, updated_at=now))


class ConsentRepository(Repository[Consent]):
    """What people agreed to."""

    model = Consent

    def newest(self, user_id: int) -> dict[str, Consent]:
        """Return the row that holds, for each purpose."""
        numbers = select(func.max(Consent.id)).where(Consent.user_id == user_id).group_by(Consent.purpose)
        return {row.purpose: row for row in self.session.scalars(select(Consent).where(Consent.id.in_(numbers)))}

    def page_of(self, user_id: int, ask: PageRequest) -> Page[Consent]:
        """Return a person's consents, newest first."""
        return self.page(select(Consent).where(Consent.user_id == user_id), ask, Consent.id)
