"""Tables of usage: inbox, events, quarantine, rollups, settlements.

No foreign keys: they would take shared locks on the parents in the path that must be fast.
"""

from enum import IntEnum, IntFlag

from sqlalchemy import BigInteger, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Blob, Count, PublicId, Tiny, bytes_type
from ccmanage.core.personal import Erasure, no_personal, personal

SLOT_MS = 900_000  # every zone's offset is a multiple of a quarter of an hour


class BatchKind(IntEnum):
    """Who made a batch."""

    POST = 0
    REDRIVE = 1


class BatchState(IntEnum):
    """Whether a batch waits or is settled."""

    PENDING = 0
    SETTLED = 1


class Outcome(IntEnum):
    """What became of one item of a batch; one byte each on the batch's row."""

    INSERTED = 1
    DUPLICATE = 2
    CONFLICT = 3
    QUARANTINED = 4
    UNPRICED = 5


class EventFlag(IntFlag):
    """What is remarkable about an event that was charged all the same."""

    NONE = 0
    KEY_REVOKED = 1
    KEY_EXPIRED = 2
    WORKSPACE_SUSPENDED = 4
    USER_SUSPENDED = 8
    # It names a hold that is not its workspace's, has run out, or was captured before.
    HOLD_REFUSED = 16


class QuarantineState(IntEnum):
    """Whether somebody has dealt with a quarantined event."""

    OPEN = 0
    REDRIVEN = 1
    DISMISSED = 2


class SettlementKind(IntEnum):
    """What a settlement charged: batches, or events whose price came late."""

    BATCHES = 0
    LATE_PRICES = 1


class InboxBatch(Base):
    """One accepted post. `payload` holds the valid items, until they are settled; `ids` holds every item's id."""

    __tablename__ = "inbox_batches"
    __personal__ = no_personal("posts of machines, until they are settled: digests and numbers")
    __table_args__ = (Index(None, "state", "id"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    gateway_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(Tiny)
    state: Mapped[int] = mapped_column(Tiny)
    received: Mapped[int] = mapped_column(Count)
    rejected: Mapped[int] = mapped_column(Count)
    received_at: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Count)
    next_attempt_at: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes | None] = mapped_column(Blob)
    rejections: Mapped[bytes | None] = mapped_column(Blob)
    ids: Mapped[bytes | None] = mapped_column(Blob)


class BatchOutcome(Base):
    """What became of a batch: written once by its settlement. The counts stay for ever and never change."""

    __tablename__ = "batch_outcomes"
    __personal__ = no_personal("what became of posts")
    __table_args__ = (Index(None, "settlement_id"), TABLE)

    batch_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    settlement_id: Mapped[int] = mapped_column(BigInteger)
    settled_at: Mapped[int] = mapped_column(BigInteger)
    inserted: Mapped[int] = mapped_column(Count)
    duplicates: Mapped[int] = mapped_column(Count)
    conflicts: Mapped[int] = mapped_column(Count)
    quarantined: Mapped[int] = mapped_column(Count)
    unpriced: Mapped[int] = mapped_column(Count)
    credits_nano: Mapped[int] = mapped_column(BigInteger)
    outcomes: Mapped[bytes | None] = mapped_column(Blob)
    # Why items were quarantined, by index, as JSON; empty if none was.
    codes: Mapped[bytes | None] = mapped_column(Blob)


class UsageEvent(Base):
    """One LLM call. Exactly one row for each (gateway, event id), for ever."""

    __tablename__ = "events"
    __personal__ = personal(
        "Single calls under opaque numbers: model, tokens, times, and a label of the session that the client chose.",
        person="user_id",
        plain=("session_label", "extra"),
        on_erasure=Erasure.OWN,
        unexported="in the section `usage`, with names instead of numbers",
        kept="retention.events_days",
    )
    __table_args__ = (
        UniqueConstraint("gateway_id", "event_id", name="uq_events_gateway_id_event_id"),
        Index("ix_events_workspace_id_event_at", "workspace_id", "event_at", "id"),
        Index("ix_events_settlement_id", "settlement_id", "workspace_id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    gateway_id: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[bytes] = mapped_column(bytes_type(200))
    payload_hash: Mapped[bytes] = mapped_column(PublicId)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    key_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    model_id: Mapped[int] = mapped_column(Integer)
    project_id: Mapped[int] = mapped_column(BigInteger)
    event_at: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[int] = mapped_column(BigInteger)
    input_tokens: Mapped[int] = mapped_column(Count)
    output_tokens: Mapped[int] = mapped_column(Count)
    cache_read_tokens: Mapped[int] = mapped_column(Count)
    cache_write_5m_tokens: Mapped[int] = mapped_column(Count)
    cache_write_1h_tokens: Mapped[int] = mapped_column(Count)
    web_searches: Mapped[int] = mapped_column(Count)
    service_tier: Mapped[int] = mapped_column(Tiny)
    speed: Mapped[int] = mapped_column(Tiny)
    geography: Mapped[int] = mapped_column(Tiny)
    is_error: Mapped[int] = mapped_column(Tiny)
    flags: Mapped[int] = mapped_column(Tiny)
    price_id: Mapped[int] = mapped_column(BigInteger)
    credits_nano: Mapped[int] = mapped_column(BigInteger)
    # The settlement that charged it; 0 while no price is known.
    settlement_id: Mapped[int] = mapped_column(BigInteger)
    session_label: Mapped[bytes] = mapped_column(bytes_type(200))
    hold_id: Mapped[bytes] = mapped_column(bytes_type(16))
    extra: Mapped[bytes] = mapped_column(bytes_type(2048))


class UnpricedEvent(Base):
    """An event that waits for a price; kept with the settlement that charged it in the end."""

    __tablename__ = "unpriced_events"
    __personal__ = no_personal("numbers of events")
    __table_args__ = (Index(None, "settlement_id", "model_id", "event_at"), TABLE)

    event_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    model_id: Mapped[int] = mapped_column(Integer)
    event_at: Mapped[int] = mapped_column(BigInteger)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    tokens: Mapped[int] = mapped_column(BigInteger)
    settlement_id: Mapped[int] = mapped_column(BigInteger)


class QuarantinedEvent(Base):
    """An event that could not be settled. One row per gateway and payload, with a count, whoever repeats it."""

    __tablename__ = "quarantine"
    __personal__ = personal(
        "Events that could not be settled: whitelisted fields, keys as digests.",
        on_erasure=Erasure.KEEP,
        unexported="they could not be matched to anybody",
        kept="retention.payloads_days",
    )
    __table_args__ = (
        UniqueConstraint("gateway_id", "fingerprint", name="uq_quarantine_gateway_id_fingerprint"),
        Index(None, "state", "id"),
        Index(None, "last_seen_at"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    gateway_id: Mapped[int] = mapped_column(BigInteger)
    fingerprint: Mapped[bytes] = mapped_column(PublicId)
    state: Mapped[int] = mapped_column(Tiny)
    code: Mapped[bytes] = mapped_column(bytes_type(64))
    detail: Mapped[bytes] = mapped_column(bytes_type(500))
    event_id: Mapped[bytes] = mapped_column(bytes_type(200))
    batch_id: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(BigInteger)
    first_seen_at: Mapped[int] = mapped_column(BigInteger)
    last_seen_at: Mapped[int] = mapped_column(BigInteger)
    resolved_at: Mapped[int] = mapped_column(BigInteger)
    # Whitelisted fields only, keys as digests, at most 4 KiB.
    body: Mapped[bytes | None] = mapped_column(Blob)


class Rollup(Base):
    """Sums of a quarter of an hour. Portal and reports read these, never the events."""

    __tablename__ = "rollups"
    __personal__ = no_personal("sums under opaque numbers")

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(Count, primary_key=True, autoincrement=False)
    key_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    model_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    events: Mapped[int] = mapped_column(BigInteger)
    errors: Mapped[int] = mapped_column(BigInteger)
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cache_read_tokens: Mapped[int] = mapped_column(BigInteger)
    cache_write_5m_tokens: Mapped[int] = mapped_column(BigInteger)
    cache_write_1h_tokens: Mapped[int] = mapped_column(BigInteger)
    web_searches: Mapped[int] = mapped_column(BigInteger)
    credits_nano: Mapped[int] = mapped_column(BigInteger)
    # 1 once retention took events of the slot away: from then on the sums stand on their own.
    sealed: Mapped[int] = mapped_column(Tiny)


class InstallationRollup(Base):
    """The same sums over all workspaces, by model: what the admins' overview reads."""

    __tablename__ = "installation_rollups"
    __personal__ = no_personal("sums over everybody")

    slot: Mapped[int] = mapped_column(Count, primary_key=True, autoincrement=False)
    model_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    events: Mapped[int] = mapped_column(BigInteger)
    errors: Mapped[int] = mapped_column(BigInteger)
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cache_read_tokens: Mapped[int] = mapped_column(BigInteger)
    cache_write_5m_tokens: Mapped[int] = mapped_column(BigInteger)
    cache_write_1h_tokens: Mapped[int] = mapped_column(BigInteger)
    web_searches: Mapped[int] = mapped_column(BigInteger)
    credits_nano: Mapped[int] = mapped_column(BigInteger)


class Settlement(Base):
    """One settling transaction."""

    __tablename__ = "settlements"
    __personal__ = no_personal("which transaction charged")

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[int] = mapped_column(Tiny)
    at: Mapped[int] = mapped_column(BigInteger)
    batches: Mapped[int] = mapped_column(Count)
    events: Mapped[int] = mapped_column(Count)
    credits_nano: Mapped[int] = mapped_column(BigInteger)


class SettlementLane(Base):
    """The row that a settler locks, so that there is one at a time."""

    __tablename__ = "settlement_lanes"
    __personal__ = no_personal("a lock")

    lane: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class ModelName(Base):
    """A model's name as gateways write it, so that events carry a number."""

    __tablename__ = "model_names"
    __personal__ = no_personal("names of models")

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[bytes] = mapped_column(bytes_type(200), unique=True)


class Project(Base):
    """A project label of a workspace. Number 0 means none; beyond the cap labels are counted as `other`."""

    __tablename__ = "projects"
    __personal__ = personal(
        "Labels of projects that clients chose.",
        plain=("label",),
        on_erasure=Erasure.OWN,
        unexported="in the section `usage`",
        kept="as long as the sums under them",
    )
    __table_args__ = (UniqueConstraint("workspace_id", "label"), TABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[bytes] = mapped_column(bytes_type(200))


class GatewayActivity(Base):
    """When a gateway last posted, and how far its clock is off."""

    __tablename__ = "gateway_activity"
    __personal__ = no_personal("when machines posted")

    gateway_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_post_at: Mapped[int] = mapped_column(BigInteger)
    last_event_at: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)


class ArchivedEventKey(Base):
    """The identity of an event whose row retention took away: its id is still refused a second charge."""

    __tablename__ = "archived_event_keys"
    __personal__ = no_personal("ids and digests of events that were taken away")

    gateway_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[bytes] = mapped_column(bytes_type(200), primary_key=True)
    payload_hash: Mapped[bytes] = mapped_column(PublicId)


class SealedSettlement(Base):
    """What a settlement charged a workspace, kept when retention takes its events away."""

    __tablename__ = "sealed_settlements"
    __personal__ = no_personal("sums of workspaces")

    settlement_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    events: Mapped[int] = mapped_column(BigInteger)
    credits_nano: Mapped[int] = mapped_column(BigInteger)
