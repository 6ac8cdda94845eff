"""Tables of exports, erasures and consents."""

from enum import IntEnum

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Blob, Count, Digest, PublicId, Tiny, bytes_type
from ccmanage.core.personal import Erasure, no_personal, personal


class ExportState(IntEnum):
    """Where an export stands."""

    WAITING = 0
    BUILDING = 1
    READY = 2
    FAILED = 3
    EXPIRED = 4


class ErasureState(IntEnum):
    """Where an erasure stands. `RUNNING` cannot be taken back any more."""

    PENDING = 0
    RUNNING = 1
    DONE = 2
    CANCELLED = 3


class DataExport(Base):
    """A copy of everything about a person, asked for by them. The file lies in chunks beside it."""

    __tablename__ = "data_exports"
    __table_args__ = (Index(None, "user_id", "id"), Index(None, "state", "next_attempt_at"), TABLE)
    __personal__ = personal(
        "When somebody asked for a copy of their data.",
        person="user_id",
        on_erasure=Erasure.DELETE,
        unexported="the archive cannot hold itself",
        kept="retention.sign_ins_days",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    # The person again while the export is under way, else NULL: unique, so that there is one at a time.
    active_user_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    state: Mapped[int] = mapped_column(Tiny)
    # Parts that are written, and how many there will be.
    done: Mapped[int] = mapped_column(Count)
    total: Mapped[int] = mapped_column(Count)
    size: Mapped[int] = mapped_column(BigInteger)
    chunks: Mapped[int] = mapped_column(Count)
    # Counts every claim: whoever claims later fences off whoever claimed before.
    tries: Mapped[int] = mapped_column(Count)
    # While it is being built: when the claim runs out.
    next_attempt_at: Mapped[int] = mapped_column(BigInteger)
    error: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[int] = mapped_column(BigInteger)
    ready_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)


class ExportChunk(Base):
    """A piece of an export's file, encrypted. In the database API and workers of all hosts reach it."""

    __tablename__ = "data_export_chunks"
    __table_args__ = (Index(None, "export_id", "number", unique=True), TABLE)
    __personal__ = personal(
        "The files of exports, encrypted.",
        sealed={"sealed": "data_export_chunks"},
        on_erasure=Erasure.OWN,
        unexported="the archive cannot hold itself",
        kept="retention.exports_hours",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    export_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(Count)
    sealed: Mapped[bytes] = mapped_column(Blob)


class ErasureRequest(Base):
    """Somebody wants to be forgotten: a week to change one's mind, then for good.

    The row stays as the record of the erasure: the opaque id and a keyed digest of the address, so that it is
    carried out again after an older backup was restored.
    """

    __tablename__ = "erasures"
    __table_args__ = (Index(None, "state", "due_at"), Index(None, "user_id", "id"), TABLE)
    __personal__ = personal(
        "Who asked to be forgotten, as an opaque number and a keyed digest of the address.",
        person="user_id",
        on_erasure=Erasure.KEEP,
        export="erasures",
        hidden=("id", "user_id", "active_user_id", "address_digest", "user_public_id", "tries", "next_attempt_at"),
        kept="for ever: a restored backup must not bring the person back",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    user_public_id: Mapped[bytes] = mapped_column(PublicId)
    # The person again while the request is open, else NULL: unique, so that there is one.
    active_user_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    address_digest: Mapped[bytes] = mapped_column(Digest)
    state: Mapped[int] = mapped_column(Tiny)
    requested_at: Mapped[int] = mapped_column(BigInteger)
    due_at: Mapped[int] = mapped_column(BigInteger)
    done_at: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Count)
    next_attempt_at: Mapped[int] = mapped_column(BigInteger)
    # Why it could not be done yet, such as `privacy.sole_owner`.
    error: Mapped[str] = mapped_column(String(64))


class Consent(Base):
    """That somebody agreed to something or took it back. Rows are only added: the newest of a purpose holds."""

    __tablename__ = "consents"
    __table_args__ = (Index(None, "user_id", "purpose", "id"), TABLE)
    __personal__ = personal(
        "What somebody agreed to, to which wording, when, from where.",
        person="user_id",
        sealed={"network_sealed": "consents.network"},
        on_erasure=Erasure.DELETE,
        export="consents",
        hidden=("id", "user_id", "text_sha256"),
        kept="until the account is deleted",
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    purpose: Mapped[str] = mapped_column(String(32))
    text_version: Mapped[str] = mapped_column(String(32))
    text_sha256: Mapped[bytes] = mapped_column(Digest)
    # 1 = given, 0 = withdrawn.
    given: Mapped[int] = mapped_column(Tiny)
    at: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(32))
    network_sealed: Mapped[bytes] = mapped_column(bytes_type(512))


class RetentionMark(Base):
    """How far retention has come with one kind of data: whoever goes on after a crash begins there."""

    __tablename__ = "retention_marks"
    __personal__ = no_personal("how far retention has come")

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    # The number of a row or an instant, as the kind of data wants it.
    reached: Mapped[int] = mapped_column(BigInteger)
    removed: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
