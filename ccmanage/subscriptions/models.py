"""Tables of subscriptions, of the periods that were opened, and of previewed changes."""

from enum import IntEnum

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Blob, Count, PublicId, Tiny, bytes_type
from ccmanage.core.personal import no_personal


class Action(IntEnum):
    """What a preview is of."""

    CHANGE = 1
    CANCEL = 2


class Timing(IntEnum):
    """When a change takes effect."""

    NOW = 1
    PERIOD_END = 2


class Subscription(Base):
    """A workspace's subscription to a version of a package. Written as a `Standing`, under the balance's lock."""

    __tablename__ = "subscriptions"
    __personal__ = no_personal("which package a workspace has")
    __table_args__ = (
        Index(None, "workspace_id", "id"),
        Index(None, "version_id", "state"),
        # What the sweep looks for.
        Index(None, "next_attempt_at", "workspace_id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    # The workspace again while the subscription lives, else NULL: unique, so that there is one at most.
    live_workspace_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    package_id: Mapped[int] = mapped_column(BigInteger)
    version_id: Mapped[int] = mapped_column(BigInteger)
    # The version that the next period is of; 0 = the same.
    pending_version_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[int] = mapped_column(Tiny)
    anchor_at: Mapped[int] = mapped_column(BigInteger)
    zone: Mapped[bytes] = mapped_column(bytes_type(64))
    # All 0 while no period runs; the end is 0, too, where the period has none.
    period_start_at: Mapped[int] = mapped_column(BigInteger)
    period_end_at: Mapped[int] = mapped_column(BigInteger)
    renewal_id: Mapped[int] = mapped_column(BigInteger)
    # 0 = goes on until it is cancelled.
    ends_at: Mapped[int] = mapped_column(BigInteger)
    # 1 = is cancelled at the period's end.
    cancels: Mapped[int] = mapped_column(Tiny)
    paused_at: Mapped[int] = mapped_column(BigInteger)
    # When the sweep looks at it: as soon as something is due, later after failures; 0 = never.
    next_attempt_at: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Count)
    error: Mapped[bytes] = mapped_column(bytes_type(500))
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class Renewal(Base):
    """The end of a period, the start of one, or both at once: written with its ledger entries, once, for ever."""

    __tablename__ = "renewals"
    __personal__ = no_personal("the periods of subscriptions")
    __table_args__ = (
        UniqueConstraint("subscription_id", "start_at"),
        Index(None, "workspace_id", "id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    subscription_id: Mapped[int] = mapped_column(BigInteger)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    version_id: Mapped[int] = mapped_column(BigInteger)
    cause: Mapped[int] = mapped_column(Tiny)
    start_at: Mapped[int] = mapped_column(BigInteger)
    # When the period that it opens was to end; 0 = never, or none was opened.
    end_at: Mapped[int] = mapped_column(BigInteger)
    # What the opened period was promised; 0 = none was opened.
    allowance_nano: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)


class MoveState(IntEnum):
    """Where a move of subscribers stands. Only a running one goes on."""

    RUNNING = 0
    DONE = 1
    STOPPED = 2


class SubscriberMove(Base):
    """A move of all subscribers of a package, carried out chunk by chunk; what is done is counted with each chunk."""

    __tablename__ = "subscriber_moves"
    __personal__ = no_personal("which package's subscribers go where; who asked stands there as a number")
    __table_args__ = (Index(None, "package_id", "id"), Index(None, "state"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    package_id: Mapped[int] = mapped_column(BigInteger)
    # The package again while the move runs, else NULL: unique, so that there is one at most.
    running_package_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    # The number of the version whose subscribers go; 0 = all versions but the target.
    from_version: Mapped[int] = mapped_column(BigInteger)
    target_version_id: Mapped[int] = mapped_column(BigInteger)
    timing: Mapped[int] = mapped_column(Tiny)
    state: Mapped[int] = mapped_column(Tiny)
    # It goes through subscriptions by number: up to `after_id` is done, those above `last_id` came later.
    after_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    moved: Mapped[int] = mapped_column(BigInteger)
    # Those whose state does not allow it, and those for which it failed.
    skipped: Mapped[int] = mapped_column(BigInteger)
    failed: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    # 0 = not yet.
    ended_at: Mapped[int] = mapped_column(BigInteger)


class SubscriptionPreview(Base):
    """A change as it was shown, and what must still be so when it is carried out."""

    __tablename__ = "subscription_previews"
    __personal__ = no_personal("reckoned changes; who asked stands there as a number")
    __table_args__ = (Index(None, "created_at"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    # 0 = the workspace had none.
    subscription_id: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[int] = mapped_column(Tiny)
    timing: Mapped[int] = mapped_column(Tiny)
    # The version to change to; 0 = none.
    target_version_id: Mapped[int] = mapped_column(BigInteger)
    # The version and the period that were looked at.
    version_id: Mapped[int] = mapped_column(BigInteger)
    renewal_id: Mapped[int] = mapped_column(BigInteger)
    # The instant that the change is reckoned for.
    at: Mapped[int] = mapped_column(BigInteger)
    # What the workspace had spent by then: the difference is the usage that came between.
    spent_nano: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[bytes] = mapped_column(Blob)
    created_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    # 0 = not carried out.
    applied_at: Mapped[int] = mapped_column(BigInteger)
