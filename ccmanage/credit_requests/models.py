"""The table of requests for credits."""

from enum import IntEnum

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, PublicId, Tiny, human_text
from ccmanage.core.personal import Erasure, personal


class RequestState(IntEnum):
    """Where a request stands. Only open ones can be decided or withdrawn."""

    OPEN = 0
    APPROVED = 1
    DENIED = 2
    WITHDRAWN = 3


class CreditRequest(Base):
    """What somebody asks for, and what was decided. One is open per workspace at most."""

    __tablename__ = "credit_requests"
    __personal__ = personal(
        "Requests for credits, in a person's own words, and how they were answered.",
        person="user_id",
        plain=("reason", "note"),
        on_erasure=Erasure.BLANK,
        export="credit_requests",
        hidden=("id", "workspace_id", "open_workspace_id", "user_id", "decided_by", "grant_id"),
        kept="as long as the ledger",
    )
    __table_args__ = (Index(None, "workspace_id", "id"), Index(None, "state", "id"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    # The workspace again while the request is open, else NULL: unique, so that there is one at most.
    open_workspace_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    asked_nano: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(human_text(500))
    state: Mapped[int] = mapped_column(Tiny)
    created_at: Mapped[int] = mapped_column(BigInteger)
    # All 0 while it is open.
    decided_by: Mapped[int] = mapped_column(BigInteger)
    decided_at: Mapped[int] = mapped_column(BigInteger)
    granted_nano: Mapped[int] = mapped_column(BigInteger)
    grant_id: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(human_text(500))
