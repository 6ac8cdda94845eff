"""Tables of the books: grants, ledger, balances. No foreign keys: they would lock the parents' rows."""

from enum import IntEnum

from sqlalchemy import BigInteger, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ccmanage.core.db import TABLE, Base, BigId, Digest, PublicId, Tiny
from ccmanage.core.personal import no_personal
from ccmanage.notifications.rules import NOBODY

NO_THRESHOLD_NANO = NOBODY


class Origin(IntEnum):
    """Where a grant comes from."""

    COMPENSATION = 1
    SUBSCRIPTION = 2
    VOUCHER = 3
    ADJUSTMENT = 4
    TOP_UP = 5


class GrantState(IntEnum):
    """Where a grant stands. Only active grants have something remaining."""

    SCHEDULED = 0
    ACTIVE = 1
    EXHAUSTED = 2
    EXPIRED = 3
    VOIDED = 4


class EntryKind(IntEnum):
    """What a ledger entry is for."""

    GRANT = 1
    USAGE = 2
    EXPIRY = 3
    ROLLOVER = 4
    REPAYMENT = 5
    FORGIVENESS = 6
    VOID = 7
    ADJUSTMENT = 8
    REVERSAL = 9


class Reference(IntEnum):
    """What caused a ledger entry; `ref_id` is its number."""

    GRANT = 1
    SETTLEMENT = 2
    ENTRY = 3
    RENEWAL = 4


class Grant(Base):
    """A bucket of credits."""

    __tablename__ = "grants"
    __personal__ = no_personal("credits of workspaces")
    __table_args__ = (
        Index(None, "workspace_id", "state"),
        Index(None, "workspace_id", "id"),
        # What the sweep looks for: scheduled grants whose time has come, active ones whose time is over.
        Index(None, "state", "effective_at"),
        Index(None, "state", "expires_at"),
        # The proof of a renewal: its grant.
        Index(None, "renewal_id"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[int] = mapped_column(Tiny)
    state: Mapped[int] = mapped_column(Tiny)
    priority: Mapped[int] = mapped_column(Integer)
    amount_nano: Mapped[int] = mapped_column(BigInteger)
    remaining_nano: Mapped[int] = mapped_column(BigInteger)
    effective_at: Mapped[int] = mapped_column(BigInteger)
    # 0 = never: a number, so that rows can be written and compared without a special case.
    expires_at: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    # The renewal of a subscription that opened the period this is the allowance of: the period's end ends the
    # grant, not the clock. 0 = none: the clock ends it.
    renewal_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class Balance(Base):
    """The sum of a workspace's ledger, kept beside it: the row that is locked before anything moves."""

    __tablename__ = "balances"
    __personal__ = no_personal("sums of workspaces")

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    balance_nano: Mapped[int] = mapped_column(BigInteger)
    debt_nano: Mapped[int] = mapped_column(BigInteger)
    spent_nano: Mapped[int] = mapped_column(BigInteger)
    # How far below zero the workspace may go, copied from its package: 0 = not at all.
    overdraft_nano: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    # The next balance at which somebody wants to be told; below every balance where nobody does.
    threshold_nano: Mapped[int] = mapped_column(
        BigInteger, default=NO_THRESHOLD_NANO, server_default=str(NO_THRESHOLD_NANO)
    )
    seq: Mapped[int] = mapped_column(BigInteger)
    last_hash: Mapped[bytes] = mapped_column(Digest)
    updated_at: Mapped[int] = mapped_column(BigInteger)


class HoldState(IntEnum):
    """Where a hold stands. Only an active one that has not run out sets anything aside."""

    ACTIVE = 0
    CAPTURED = 1
    RELEASED = 2
    EXPIRED = 3


class Hold(Base):
    """Credits set aside before a call. Written and ended under the lock of the balance.

    What it stood on is kept, so that the audit can prove it was covered (I10): the ledger's `seq` and with it the
    balance, what other holds had set aside, and the overdraft allowance.
    """

    __tablename__ = "holds"
    __personal__ = no_personal("credits of workspaces, set aside")
    __table_args__ = (
        Index(None, "workspace_id", "state", "expires_at"),
        # What the sweep looks for.
        Index(None, "state", "expires_at"),
        TABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    public_id: Mapped[bytes] = mapped_column(PublicId, unique=True)
    workspace_id: Mapped[int] = mapped_column(BigInteger)
    key_id: Mapped[int] = mapped_column(BigInteger)
    gateway_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[int] = mapped_column(Tiny)
    amount_nano: Mapped[int] = mapped_column(BigInteger)
    available_before_nano: Mapped[int] = mapped_column(BigInteger)
    held_before_nano: Mapped[int] = mapped_column(BigInteger)
    overdraft_nano: Mapped[int] = mapped_column(BigInteger)
    ledger_seq: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    # 0 = not yet.
    ended_at: Mapped[int] = mapped_column(BigInteger)
    # The settlement of the event that captured it; 0 = none.
    settlement_id: Mapped[int] = mapped_column(BigInteger)
    # The gateway's Idempotency-Key, digested with its number; NULL = none was given.
    request_key: Mapped[bytes | None] = mapped_column(Digest, unique=True)


class LedgerEntry(Base):
    """One movement of a workspace. Written once; the database refuses to change or delete it."""

    __tablename__ = "ledger"
    __personal__ = no_personal("movements of workspaces: numbers and codes, no text")
    __table_args__ = (
        # One movement per cause: writing it twice is refused, and a settlement's entries are found by it.
        UniqueConstraint("ref_kind", "ref_id", "workspace_id", "kind", "grant_id", name="uq_ledger_reference"),
        TABLE,
    )

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(Tiny)
    amount_nano: Mapped[int] = mapped_column(BigInteger)
    # 0 = no grant (debt): NULL would be distinct from itself in the unique key.
    grant_id: Mapped[int] = mapped_column(BigInteger)
    ref_kind: Mapped[int] = mapped_column(Tiny)
    ref_id: Mapped[int] = mapped_column(BigInteger)
    balance_after_nano: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[int] = mapped_column(BigInteger)
    prev_hash: Mapped[bytes] = mapped_column(Digest)
    hash: Mapped[bytes] = mapped_column(Digest)
