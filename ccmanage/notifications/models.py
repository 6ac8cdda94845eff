"""Tables of notifications: thresholds, alerts, what happened, and whom it was told. Instants 0 = not (yet)."""

from enum import IntEnum

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Blob, Count, Digest, PublicId, Tiny, bytes_type
from ccmanage.core.personal import Erasure, no_personal, personal


class ThresholdKind(IntEnum):
    """What is measured. The first three end when credits come; settlement finds the first two."""

    PERCENT_LEFT = 1
    AMOUNT_LEFT = 2
    RUN_OUT = 3
    SPEND_PER_DAY = 4


class TellState(IntEnum):
    """Whether something was told to all whom it concerns."""

    WAITING = 0
    TOLD = 1


class MailState(IntEnum):
    """What becomes of a notification's mail."""

    NONE = 0
    DUE = 1
    POSTED = 2


class DigestKind(IntEnum):
    """How often mails about notifications are sent."""

    OFF = 0
    DAILY = 1
    WEEKLY = 2


class Threshold(Base):
    """What somebody wants to be told of. Those that a balance crosses are written under the balance's lock."""

    __tablename__ = "alert_thresholds"
    __personal__ = personal(
        "What a person wants to be told of.",
        person="user_id",
        on_erasure=Erasure.DELETE,
        export="alert_thresholds",
        hidden=("id", "workspace_id", "user_id"),
        kept="until it is removed",
    )
    __table_args__ = (
        UniqueConstraint("workspace_id", "user_id", "kind", "value", name="uq_alert_thresholds_meaning"),
        Index(None, "kind", "id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    # Whom it is for; 0 = the managers and owners of the workspace.
    user_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(Tiny)
    # Percent, nano-credits, days or nano-credits, by kind.
    value: Mapped[int] = mapped_column(BigInteger)
    # The balance at which it fires; percents are converted when the grant changes. NO_AMOUNT = at none.
    amount_nano: Mapped[int] = mapped_column(BigInteger)
    armed: Mapped[int] = mapped_column(Tiny)
    # Counts the armings (for a day's spend: the day), so that each can fire once.
    period: Mapped[int] = mapped_column(BigInteger)
    by_mail: Mapped[int] = mapped_column(Tiny)
    by_webhook: Mapped[int] = mapped_column(Tiny)
    zone: Mapped[bytes] = mapped_column(bytes_type(64))
    fired_at: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)


class Alert(Base):
    """A threshold that was crossed: once a period, because the row is unique."""

    __tablename__ = "alerts"
    __personal__ = no_personal("thresholds that were crossed: numbers")
    __table_args__ = (
        UniqueConstraint("workspace_id", "threshold_id", "period"),
        Index(None, "state", "id"),
        Index(None, "workspace_id", "id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    threshold_id: Mapped[int] = mapped_column(BigInteger)
    period: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(Tiny)
    value: Mapped[int] = mapped_column(BigInteger)
    # What was found: the balance, for a day's spend the spend.
    found_nano: Mapped[int] = mapped_column(BigInteger)
    # When the credits will be gone, for projections.
    runs_out_at: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[int] = mapped_column(Tiny)


class Happening(Base):
    """Something that others may want to know, written in the transaction that did it."""

    __tablename__ = "happenings"
    __personal__ = no_personal("what happened: ids, codes and figures")
    __table_args__ = (Index(None, "state", "id"), Index(None, "at"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    # Also the `webhook-id`: the same however often it is sent.
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    # 0 = of the installation.
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[bytes] = mapped_column(bytes_type(64))
    dedupe: Mapped[bytes] = mapped_column(Digest, unique=True)
    # Whom it is for alone; 0 = those whom its kind concerns.
    user_id: Mapped[int] = mapped_column(BigInteger)
    by_mail: Mapped[int] = mapped_column(Tiny)
    by_webhook: Mapped[int] = mapped_column(Tiny)
    data: Mapped[bytes] = mapped_column(Blob)
    at: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[int] = mapped_column(Tiny)


class Notification(Base):
    """Something that happened, as one person's list shows it."""

    __tablename__ = "notifications"
    __personal__ = personal(
        "What a person was told, and when they read it.",
        person="user_id",
        on_erasure=Erasure.DELETE,
        export="notifications",
        hidden=("id", "user_id", "happening_id"),
        kept="ninety days",
    )
    __table_args__ = (
        UniqueConstraint("user_id", "happening_id"),
        Index(None, "user_id", "read_at", "id"),
        Index(None, "mail_state", "mail_due_at"),
        Index(None, "happening_id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    happening_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[int] = mapped_column(BigInteger)
    mail_state: Mapped[int] = mapped_column(Tiny)
    mail_due_at: Mapped[int] = mapped_column(BigInteger)


class Preference(Base):
    """How one person wants mails about notifications. Without a row: at once, day and night."""

    __tablename__ = "notification_preferences"
    __personal__ = personal(
        "When a person wants mails.",
        person="user_id",
        on_erasure=Erasure.DELETE,
        export="notification_preferences",
        hidden=("user_id",),
        kept="until the account is deleted",
    )

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    mails: Mapped[int] = mapped_column(Tiny)
    # Minutes of the day in the person's zone; equal = no quiet hours.
    quiet_from: Mapped[int] = mapped_column(Count)
    quiet_to: Mapped[int] = mapped_column(Count)
    digest: Mapped[int] = mapped_column(Tiny)
    digest_at: Mapped[int] = mapped_column(Count)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class Episode(Base):
    """A state of the installation that was told when it began; told again only after it had ended."""

    __tablename__ = "notification_episodes"
    __personal__ = no_personal("states of the installation")

    name: Mapped[bytes] = mapped_column(bytes_type(100), primary_key=True)
    opened_at: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[int] = mapped_column(BigInteger)
