"""Tables of webhooks: where to, with which secrets, what was sent and what came back."""

from enum import IntEnum

from sqlalchemy import BigInteger, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Count, PublicId, Tiny, bytes_type, human_text
from ccmanage.core.personal import no_personal


class WebhookState(IntEnum):
    """Whether a webhook is sent to."""

    ACTIVE = 0
    PAUSED = 1
    DISABLED = 2  # by ourselves, after days of failure


class DeliveryState(IntEnum):
    """What became of one message to one webhook."""

    PENDING = 0
    DELIVERED = 1
    FAILED = 2


class Webhook(Base):
    """An address that is told. It is encrypted: addresses often hold a secret."""

    __tablename__ = "webhooks"
    __personal__ = no_personal(
        "addresses of machines; who made it stands there as a number", sealed={"url_sealed": "webhooks.url"}
    )
    __table_args__ = (Index(None, "workspace_id", "id"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    # 0 = the installation's: it is told of every workspace.
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(human_text(120))
    url_sealed: Mapped[bytes] = mapped_column(bytes_type(4096))
    # Kinds of happenings, separated by commas; empty = all.
    kinds: Mapped[bytes] = mapped_column(bytes_type(1000))
    state: Mapped[int] = mapped_column(Tiny)
    failing_since: Mapped[int] = mapped_column(BigInteger)
    succeeded_at: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class WebhookSecret(Base):
    """A secret that messages are signed with; after a rotation the old one signs too until it runs out."""

    __tablename__ = "webhook_secrets"
    __personal__ = no_personal("secrets of machines", sealed={"secret_sealed": "webhook_secrets.secret"})
    __table_args__ = (Index(None, "webhook_id", "id"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    webhook_id: Mapped[int] = mapped_column(BigInteger)
    secret_sealed: Mapped[bytes] = mapped_column(bytes_type(255))
    # 0 = the newest: it does not run out.
    expires_at: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)


class Delivery(Base):
    """One message to one webhook, until it arrives or is given up."""

    __tablename__ = "webhook_deliveries"
    __personal__ = no_personal("what was sent to machines")
    __table_args__ = (
        UniqueConstraint("webhook_id", "happening_id"),
        Index(None, "state", "next_attempt_at"),
        Index(None, "webhook_id", "id"),
        Index(None, "happening_id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    webhook_id: Mapped[int] = mapped_column(BigInteger)
    happening_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[int] = mapped_column(Tiny)
    tries: Mapped[int] = mapped_column(Count)
    # While it is being sent: when the lease of whoever sends it is over.
    next_attempt_at: Mapped[int] = mapped_column(BigInteger)
    # Who sends it, a random number; 0 = nobody.
    lease: Mapped[int] = mapped_column(BigInteger)
    last_status: Mapped[int] = mapped_column(Integer)
    last_code: Mapped[bytes] = mapped_column(bytes_type(64))
    created_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int] = mapped_column(BigInteger)


class Attempt(Base):
    """One try to send, and the beginning of what came back."""

    __tablename__ = "webhook_attempts"
    __personal__ = no_personal("what machines answered")
    __table_args__ = (Index(None, "delivery_id", "id"), Index(None, "at"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    delivery_id: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)
    milliseconds: Mapped[int] = mapped_column(Count)
    # 0 = no answer; `code` says why.
    status: Mapped[int] = mapped_column(Integer)
    code: Mapped[bytes] = mapped_column(bytes_type(64))
    excerpt: Mapped[bytes] = mapped_column(bytes_type(1024))
