"""Bodies around credits."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import Credits, CreditsIn, In, Moment, MomentIn, Out, Reason
from api.usage.schemas import ORIGINS, OriginName
from ccmanage.core.ids import GRANT, encode_id
from ccmanage.core.ids import RENEWAL as RENEWAL_PREFIX
from ccmanage.core.ids import SETTLEMENT as SETTLEMENT_PREFIX
from ccmanage.credits.models import EntryKind, Grant, GrantState, LedgerEntry, Origin, Reference
from ccmanage.credits.service import NewGrant
from ccmanage.reports.balance import BalanceLine
from ccmanage.reports.numbers import RENEWAL, SETTLEMENT, OutsideNumbers

GrantStateName = Literal["scheduled", "active", "exhausted", "expired", "voided"]
EntryKindName = Literal[
    "grant", "usage", "expiry", "rollover", "repayment", "forgiveness", "void", "adjustment", "reversal"
]
STATES: dict[GrantState, GrantStateName] = {
    GrantState.SCHEDULED: "scheduled",
    GrantState.ACTIVE: "active",
    GrantState.EXHAUSTED: "exhausted",
    GrantState.EXPIRED: "expired",
    GrantState.VOIDED: "voided",
}
KINDS: dict[EntryKind, EntryKindName] = {
    EntryKind.GRANT: "grant",
    EntryKind.USAGE: "usage",
    EntryKind.EXPIRY: "expiry",
    EntryKind.ROLLOVER: "rollover",
    EntryKind.REPAYMENT: "repayment",
    EntryKind.FORGIVENESS: "forgiveness",
    EntryKind.VOID: "void",
    EntryKind.ADJUSTMENT: "adjustment",
    EntryKind.REVERSAL: "reversal",
}
KIND_OF: dict[EntryKindName, EntryKind] = {name: kind for kind, name in KINDS.items()}
ORIGIN_OF: dict[OriginName, Origin] = {name: origin for origin, name in ORIGINS.items()}


class GrantOut(Out):
    """A bucket of credits. Lower priority burns first, then the sooner end, then the older."""

    id: str
    origin: OriginName
    amount: Credits
    remaining: Credits
    priority: int
    state: GrantStateName
    effective_at: Moment
    expires_at: Moment | None
    created_at: Moment

    @classmethod
    def of(cls, grant: Grant) -> "GrantOut":
        """Make the answer."""
        return cls(
            id=encode_id(GRANT, grant.public_id),
            origin=ORIGINS[Origin(grant.origin)],
            amount=grant.amount_nano,
            remaining=grant.remaining_nano,
            priority=grant.priority,
            state=STATES[GrantState(grant.state)],
            effective_at=grant.effective_at,
            expires_at=grant.expires_at or None,
            created_at=grant.created_at,
        )


class BalanceOut(Out):
    """What a workspace has. `grants` stand in the order in which they burn; `run_out_at` goes by the last week.

    `available` is the balance less what is held, plus the overdraft allowance; `overdraft: null` has no end and is
    left out of it.
    """

    balance: Credits
    held: Credits
    available: Credits
    overdraft: Credits | None
    debt: Credits
    grants: list[GrantOut]
    resets_at: Moment | None
    run_out_at: Moment | None
    spend_per_day_7d: Credits

    @classmethod
    def of(cls, line: BalanceLine) -> "BalanceOut":
        """Make the answer."""
        return cls(
            balance=line.standing.balance.balance_nano,
            held=line.held_nano,
            available=line.available_nano,
            overdraft=line.overdraft_nano,
            debt=line.standing.balance.debt_nano,
            grants=[GrantOut.of(grant) for grant in line.standing.grants],
            resets_at=line.resets_at,
            run_out_at=line.runs_out_at,
            spend_per_day_7d=line.per_day_nano,
        )


class ReferenceOut(Out):
    """What caused a movement."""

    kind: Literal["grant", "settlement", "entry", "renewal"]
    id: str


class EntryOut(Out):
    """One movement. Its hash covers the one before it, so that no line can be changed or left out unseen."""

    seq: int
    kind: EntryKindName
    amount: Credits
    balance_after: Credits
    grant_id: str | None
    reference: ReferenceOut
    at: Moment
    hash: str

    @classmethod
    def of(cls, entry: LedgerEntry, grants: dict[int, Grant], numbers: OutsideNumbers) -> "EntryOut":
        """Make the answer."""
        grant = grants.get(entry.grant_id)
        return cls(
            seq=entry.seq,
            kind=KINDS[EntryKind(entry.kind)],
            amount=entry.amount_nano,
            balance_after=entry.balance_after_nano,
            grant_id=encode_id(GRANT, grant.public_id) if grant else None,
            reference=_reference(entry, grants, numbers),
            at=entry.at,
            hash=bytes(entry.hash).hex(),
        )


class GrantIn(In):
    """Credits to be given. Without times they hold from now on, for ever."""

    credits: CreditsIn
    origin: OriginName = "adjustment"
    effective_at: MomentIn | None = None
    expires_at: MomentIn | None = None
    priority: Annotated[int, Field(ge=0, le=1_000)] | None = None
    reason: Reason

    def to_domain(self) -> NewGrant:
        """Return what is wanted."""
        return NewGrant(
            amount_nano=self.credits,
            origin=ORIGIN_OF[self.origin],
            priority=self.priority,
            effective_at=self.effective_at or 0,
            expires_at=self.expires_at or 0,
        )


class ReverseIn(In):
    """Why an entry is reversed; and until when what it took is given back, unless as long as it would have lasted."""

    reason: Reason
    expires_at: MomentIn | None = None


class ReversedOut(Out):
    """The entries that reverse another."""

    items: list[EntryOut]


def _reference(entry: LedgerEntry, grants: dict[int, Grant], numbers: OutsideNumbers) -> ReferenceOut:
    if entry.ref_kind == Reference.SETTLEMENT:
        return ReferenceOut(kind="settlement", id=encode_id(SETTLEMENT_PREFIX, numbers.hide(SETTLEMENT, entry.ref_id)))
    if entry.ref_kind == Reference.RENEWAL:
        return ReferenceOut(kind="renewal", id=encode_id(RENEWAL_PREFIX, numbers.hide(RENEWAL, entry.ref_id)))
    if entry.ref_kind == Reference.GRANT:
        grant = grants.get(entry.ref_id)
        return ReferenceOut(kind="grant", id=encode_id(GRANT, grant.public_id) if grant else "")
    return ReferenceOut(kind="entry", id=str(entry.ref_id))
