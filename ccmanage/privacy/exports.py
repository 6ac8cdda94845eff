"""A copy of everything about a person: asked for, made by a worker, fetched for a day, deleted."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, Protocol

from sqlalchemy.orm import Session

from ccmanage.accounts.service import AccountService
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import HOUR, MINUTE, Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.ids import USER, encode_id, new_id
from ccmanage.core.logging import get_logger
from ccmanage.core.retaining import Taken
from ccmanage.core.tasks import Task
from ccmanage.core.uow import with_retries
from ccmanage.privacy.archive import write_archive
from ccmanage.privacy.errors import ExportNotReady, ExportUnderWay
from ccmanage.privacy.mail import PrivacyMail
from ccmanage.privacy.models import DataExport, ExportChunk, ExportState
from ccmanage.privacy.repository import ExportRepository
from ccmanage.privacy.sections import Source, sections
from ccmanage.privacy.tasks import BuildExports

log = get_logger(__name__)

EXPORT: Final = "exp"
CHUNK_BYTES: Final = 512 << 10
_CLAIM_MS: Final = 5 * MINUTE
_PAUSE_MS: Final = MINUTE
_TRIES: Final = 5
_EXPIRE_ROWS: Final = 100
_FORGET_ROWS: Final = 500
_IN_MEMORY: Final = 32 << 20


class Transaction(Protocol):
    """What a service needs of its transaction."""

    session: Session
    clock: Clock

    def enqueue(self, task: Task) -> None:
        """Send a message once the transaction is committed."""
        ...


class ExportService:
    """Exports of one's own data."""

    def __init__(
        self,
        transaction: Transaction,
        repository: ExportRepository,
        ring: KeyRing,
        accounts: AccountService,
        audit: AuditService,
        mail: PrivacyMail,
    ) -> None:
        self.transaction = transaction
        self.repository = repository
        self.audit = audit
        self._ring = ring
        self._accounts = accounts
        self._mail = mail

    def request(self, user_id: int) -> DataExport:
        """Ask for a copy; the file of an earlier one goes. Raises ExportUnderWay."""
        latest = self.repository.latest_of(user_id)
        if latest is not None and latest.active_user_id is not None:
            raise ExportUnderWay
        self._drop([row for row in self.repository.of_person(user_id) if row.state == ExportState.READY])
        now = self.transaction.clock.now_ms()
        export = self.repository.add(
            DataExport(
                public_id=new_id(),
                user_id=user_id,
                active_user_id=user_id,
                state=ExportState.WAITING,
                done=0,
                total=len(sections()),
                size=0,
                chunks=0,
                tries=0,
                next_attempt_at=now,
                error="",
                requested_at=now,
                ready_at=0,
                expires_at=0,
            )
        )
        self._record("privacy.request_export", export)
        self.transaction.enqueue(BuildExports())
        return export

    def latest(self, user_id: int) -> DataExport | None:
        """Return what a person asked for last."""
        return self.repository.latest_of(user_id)

    def fetch(self, user_id: int, public_id: bytes) -> DataExport:
        """Return a person's own export whose file can be read, and record that it is; raises ExportNotReady."""
        export = self.readable(user_id, public_id)
        self._record("privacy.download_export", export)
        return export

    def readable(self, user_id: int, public_id: bytes) -> DataExport:
        """Return a person's own export whose file can be read; raises ExportNotReady."""
        export = self.repository.by_public_id(public_id)
        now = self.transaction.clock.now_ms()
        if export is None or export.user_id != user_id or export.state != ExportState.READY or export.expires_at <= now:
            raise ExportNotReady
        return export

    def piece(self, export_id: int, number: int) -> bytes:
        """Return a piece of a file, decrypted; raises ExportNotReady when it went in the meantime."""
        chunk = self.repository.chunk(export_id, number)
        if chunk is None:
            raise ExportNotReady
        return self._ring.decrypt_bytes(chunk.sealed, f"data_export_chunks:{chunk.public_id.hex()}")

    def store(self, export_id: int, number: int, piece: bytes) -> None:
        """Write a piece of a file."""
        public_id = new_id()
        sealed = self._ring.encrypt_bytes(piece, f"data_export_chunks:{public_id.hex()}")
        self.repository.add_chunk(ExportChunk(public_id=public_id, export_id=export_id, number=number, sealed=sealed))

    def finish(self, export: DataExport, size: int, chunks: int, hours: int) -> None:
        """Let the file be fetched, and say so."""
        now = self.transaction.clock.now_ms()
        export.state, export.active_user_id = ExportState.READY, None
        export.size, export.chunks, export.done = size, chunks, export.total
        export.ready_at, export.expires_at = now, now + hours * HOUR
        self._mail.export_ready(export.user_id, encode_id(EXPORT, export.public_id), hours)

    def fail(self, export: DataExport, code: str) -> None:
        """Try again later, or give up."""
        export.error = code[:64]
        export.next_attempt_at = self.transaction.clock.now_ms() + _PAUSE_MS * export.tries
        if export.tries >= _TRIES:
            export.state, export.active_user_id = ExportState.FAILED, None

    def expire(self) -> int:
        """Delete some files that nobody may fetch any more; returns how many."""
        over = self.repository.over(self.transaction.clock.now_ms(), _EXPIRE_ROWS)
        self._drop(over)
        return len(over)

    def forget(self, before: int, mark: int) -> Taken:
        """Delete the record of some copies that were asked for before an instant."""
        gone = self.repository.forget_before(before, _FORGET_ROWS)
        return Taken(gone, mark, more=gone == _FORGET_ROWS)

    def erase(self, user_id: int) -> None:
        """Delete everything that a person ever asked for."""
        rows = self.repository.of_person(user_id)
        self.repository.drop_chunks([row.id for row in rows])

    def _drop(self, exports: list[DataExport]) -> None:
        self.repository.drop_chunks([export.id for export in exports])
        for export in exports:
            export.state, export.size, export.chunks = ExportState.EXPIRED, 0, 0

    def _record(self, action: str, export: DataExport) -> None:
        person = encode_id(USER, self._accounts.by_number(export.user_id).public_id)
        self.audit.record(action, ("user", person), after={"export": encode_id(EXPORT, export.public_id)})


class ExportScope(Transaction, Protocol):
    """What making an export needs of a transaction."""

    @property
    def exports(self) -> ExportService:
        """Exports."""
        ...

    @property
    def accounts(self) -> AccountService:
        """People."""
        ...

    @property
    def audit(self) -> AuditService:
        """The audit log."""
        ...

    @property
    def export_hours(self) -> int:
        """For how long a file can be fetched."""
        ...


class Overtaken(Exception):
    """Somebody else makes this export by now."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An export that this process makes."""

    number: int
    tries: int
    user_id: int


class Exporter:
    """Makes the copies that wait. A process that dies is followed by another five minutes later."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[ExportScope]],
        read: Callable[[], AbstractContextManager[ExportScope]],
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._write = write
        self._read = read
        self._ring = ring
        self._clock = clock

    def run(self, *, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Make all that wait; returns how many were made."""
        made = 0
        while not should_stop() and (claimed := self._claim()) is not None:
            try:
                self._make(claimed)
                made += 1
            except Overtaken:
                log.warning("export_overtaken", export=claimed.number)
            except Exception as error:
                log.exception("export_failed", export=claimed.number)
                self._failed(claimed, type(error).__name__)
        return made

    def _claim(self) -> Claimed | None:
        def once() -> Claimed | None:
            with self._read() as scope:
                due = scope.exports.repository.next_due(self._clock.now_ms())
                if due is None:
                    return None
                found = Claimed(due.id, due.tries, due.user_id)
            with self._write() as scope:
                if not scope.exports.repository.claim(found.number, found.tries, self._clock.now_ms() + _CLAIM_MS):
                    return None
                scope.exports.repository.drop_chunks([found.number])
            return Claimed(found.number, found.tries + 1, found.user_id)

        return with_retries(once)

    def _make(self, claimed: Claimed) -> None:
        with SpooledTemporaryFile(_IN_MEMORY) as file:
            write_archive(
                file,
                sections(),
                lambda: self._source(claimed.user_id),
                self._clock.now_ms(),
                lambda done: self._progress(claimed, done),
            )
            size = file.tell()
            file.seek(0)
            count = self._store(claimed, file)
        with_retries(lambda: self._finish(claimed, size, count))

    def _store(self, claimed: Claimed, file: IO[bytes]) -> int:
        number = 0
        while piece := file.read(CHUNK_BYTES):

            def once(number: int = number, piece: bytes = piece) -> None:
                with self._write() as scope:
                    self._hold(scope, claimed)
                    scope.exports.store(claimed.number, number, piece)

            with_retries(once)
            number += 1
        return number

    def _finish(self, claimed: Claimed, size: int, count: int) -> None:
        with self._write() as scope:
            scope.exports.finish(self._hold(scope, claimed), size, count, scope.export_hours)

    def _progress(self, claimed: Claimed, done: int) -> None:
        def once() -> None:
            with self._write() as scope:
                until = self._clock.now_ms() + _CLAIM_MS
                if not scope.exports.repository.progress(claimed.number, claimed.tries, done, until):
                    raise Overtaken

        with_retries(once)

    def _failed(self, claimed: Claimed, code: str) -> None:
        with self._write() as scope:
            export = scope.exports.repository.lock(claimed.number)
            if export is not None and export.tries == claimed.tries and export.state == ExportState.BUILDING:
                scope.exports.fail(export, code)

    @staticmethod
    def _hold(scope: ExportScope, claimed: Claimed) -> DataExport:
        export = scope.exports.repository.lock(claimed.number)
        if export is None or export.tries != claimed.tries or export.state != ExportState.BUILDING:
            raise Overtaken
        return export

    @contextmanager
    def _source(self, user_id: int) -> Iterator[Any]:
        with self._read() as scope:
            person = encode_id(USER, scope.accounts.by_number(user_id).public_id)
            yield Source(scope.session, self._ring, scope.audit, user_id, person)
