"""Tables of the audit log."""

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Blob, Count, Digest, PublicId
from ccmanage.core.personal import Erasure, no_personal, personal


class AuditEntry(Base):
    """Who did what to which thing: ids only, and a commitment to the erasable rest."""

    __tablename__ = "audit_log"
    __personal__ = personal(
        "Who did what when, under opaque numbers; what is readable lies in audit_details.",
        person="actor_user_id",
        on_erasure=Erasure.KEEP,
        unexported="in the section `audit`, with its details",
        kept="retention.audit_days",
    )
    __table_args__ = (
        Index(None, "actor_user_id", "id"),
        Index(None, "workspace_id", "id"),
        Index(None, "action", "id"),
        Index(None, "subject_id", "id"),
        Index(None, "request_id", "id"),
        Index(None, "at", "id"),
        Index(None, "seal_id", "id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    at: Mapped[int] = mapped_column(BigInteger)
    # 0 = the system itself or its command line.
    actor_user_id: Mapped[int] = mapped_column(BigInteger)
    # Whom an administrator was looking as; 0 = nobody but themself.
    as_user_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    action: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64))
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    request_id: Mapped[str] = mapped_column(String(64))
    commitment: Mapped[bytes] = mapped_column(Digest)
    # The seal that covers the entry; 0 until the sealer came by. Numbers are given before a commit, so that the
    # order of numbers is not the order of commits: a seal lists its entries by this, not by a range.
    seal_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class AuditDetail(Base):
    """The erasable side of an entry: texts, addresses and values, encrypted."""

    __tablename__ = "audit_details"
    __personal__ = personal(
        "The readable side of the audit log: texts, addresses, values before and after.",
        sealed={"sealed": "audit_details"},
        on_erasure=Erasure.OWN,
        unexported="in the section `audit`",
        kept="retention.audit_days",
    )

    entry_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # The entry's own: the place that the envelope is bound to.
    public_id: Mapped[bytes] = mapped_column(PublicId)
    sealed: Mapped[bytes] = mapped_column(Blob)


class AuditSeal(Base):
    """A link of the chain over committed entries. Retention takes entries away by whole seals, the links stay."""

    __tablename__ = "audit_seals"
    __personal__ = no_personal("hashes over the audit log")

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int] = mapped_column(Count)
    # The newest instant among the entries: retention cuts what is older than a day.
    last_at: Mapped[int] = mapped_column(BigInteger, index=True)
    prev_hash: Mapped[bytes] = mapped_column(Digest)
    hash: Mapped[bytes] = mapped_column(Digest)
    # When retention took the entries away; 0 = they are there.
    cut_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
