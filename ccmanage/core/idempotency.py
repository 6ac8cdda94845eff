"""What was answered to an `Idempotency-Key`, so that a repeated request is not a repeated deed."""

from sqlalchemy import BigInteger, Integer, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ccmanage.core.clock import DAY
from ccmanage.core.crypto import KeyRing
from ccmanage.core.db import Base, Blob, Digest
from ccmanage.core.personal import Erasure, personal
from ccmanage.core.sql import IN_LIST, chunks

KEPT_MS = DAY
_TRIM_ROWS = 1_000


class IdempotencyRecord(Base):
    """One keyed request: `scope` digests caller, route and key; `request_hash` digests the body."""

    __tablename__ = "idempotency_records"
    __personal__ = personal(
        "The answers to repeated requests, for a day; they may name what the asker named.",
        sealed={"body": "idempotency_records.body"},
        row="scope",
        on_erasure=Erasure.KEEP,
        unexported="a technical copy of answers that the person was given, for a day",
        kept="a day",
    )

    scope: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(Digest)
    status: Mapped[int] = mapped_column(Integer)
    content_type: Mapped[str] = mapped_column(String(64))
    # Encrypted. None where the answer showed a secret: that is shown once and stored nowhere.
    body: Mapped[bytes | None] = mapped_column(Blob)
    created_at: Mapped[int] = mapped_column(BigInteger, index=True)


def seal_body(ring: KeyRing, scope: bytes, body: bytes) -> bytes:
    """Encrypt an answer for its record."""
    return ring.encrypt_bytes(body, f"idempotency_records.body:{scope.hex()}")


def open_body(ring: KeyRing, scope: bytes, sealed: bytes) -> bytes:
    """Decrypt the answer of a record; raises CannotDecrypt."""
    return ring.decrypt_bytes(sealed, f"idempotency_records.body:{scope.hex()}")


def find_record(session: Session, scope: bytes, now: int) -> IdempotencyRecord | None:
    """Return what was answered within the last day. An older record makes room."""
    record = session.get(IdempotencyRecord, scope)
    if record is not None and record.created_at <= now - KEPT_MS:
        session.delete(record)
        session.flush()
        return None
    return record


def keep_record(session: Session, record: IdempotencyRecord) -> None:
    """Keep an answer in the transaction of the deed; a twin that was faster makes this transaction fail."""
    session.add(record)
    session.flush()


def trim_records(session: Session, now: int) -> bool:
    """Delete some records that nobody will be answered from any more; tells whether more are left."""
    old = select(IdempotencyRecord.scope).where(IdempotencyRecord.created_at <= now - KEPT_MS).limit(_TRIM_ROWS)
    scopes = list(session.scalars(old))
    for part in chunks(scopes, IN_LIST):
        session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.scope.in_(part)))
    return len(scopes) == _TRIM_ROWS
