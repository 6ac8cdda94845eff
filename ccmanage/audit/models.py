"""Tables of the audit log."""

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Blob, Digest, PublicId


class AuditEntry(Base):
    """Who did what to which thing: ids only, and a commitment to the erasable rest."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(None, "actor_user_id", "id"),
        Index(None, "workspace_id", "id"),
        Index(None, "action", "id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    at: Mapped[int] = mapped_column(BigInteger)
    # 0 = the system itself or its command line.
    actor_user_id: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64))
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    request_id: Mapped[str] = mapped_column(String(64))
    commitment: Mapped[bytes] = mapped_column(Digest)


class AuditDetail(Base):
    """The erasable side of an entry: texts, addresses and values, encrypted."""

    __tablename__ = "audit_details"

    entry_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(Blob)
