"""What was answered to an `Idempotency-Key`, so that a repeated request is not a repeated deed."""

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import Base, Blob, Digest


class IdempotencyRecord(Base):
    """One keyed request: `scope` digests caller, route and key; `request_hash` digests the body."""

    __tablename__ = "idempotency_records"

    scope: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(Digest)
    status: Mapped[int] = mapped_column(Integer)
    content_type: Mapped[str] = mapped_column(String(64))
    # None where the answer showed a secret: that is shown once and stored nowhere.
    body: Mapped[bytes | None] = mapped_column(Blob)
    created_at: Mapped[int] = mapped_column(BigInteger, index=True)
