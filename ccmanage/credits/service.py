"""Give credits, take them away, read the books."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ccmanage.audit.service import AuditService
from ccmanage.core.errors import invalid
from ccmanage.core.ids import GRANT, encode_id, new_id
from ccmanage.core.money import MAX_GRANT_NANO, format_credits
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.uow import UnitOfWork
from ccmanage.credits import rules
from ccmanage.credits.books import Books, Given
from ccmanage.credits.errors import (
    EntryNotFound,
    GrantIsOver,
    GrantNotFound,
    NoSuchAccount,
    NotReversible,
    ReversedAlready,
)
from ccmanage.credits.models import Balance, EntryKind, Grant, GrantState, LedgerEntry, Origin
from ccmanage.credits.repository import CreditRepository
from ccmanage.credits.tasks import TurnGrants

TURN_CHUNK = 500
_MAX_PRIORITY = 1_000


@dataclass(frozen=True, slots=True)
class NewGrant:
    """What somebody wants to give. `effective_at` 0 means at once, `expires_at` 0 means never."""

    amount_nano: int
    origin: Origin = Origin.ADJUSTMENT
    priority: int | None = None
    effective_at: int = 0
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A workspace's balance and its living grants in the order in which they burn."""

    balance: Balance
    grants: Sequence[Grant]


class CreditService:
    """Use cases of credits. Whatever moves goes through `Books`, under the lock of the balance."""

    def __init__(self, uow: UnitOfWork, repository: CreditRepository, audit: AuditService) -> None:
        self._uow = uow
        self._repository = repository
        self._audit = audit

    def open_account(self, workspace_id: int) -> None:
        """Open the books of a new workspace."""
        now = self._uow.clock.now_ms()
        self._repository.add_balance(
            Balance(
                workspace_id=workspace_id,
                balance_nano=0,
                debt_nano=0,
                spent_nano=0,
                seq=0,
                last_hash=rules.GENESIS,
                updated_at=now,
            )
        )

    def grant(self, workspace_id: int, new: NewGrant, reason: str | None) -> Grant:
        """Give credits to a workspace; they enter ledger and balance at their `effective_at`."""
        now = self._uow.clock.now_ms()
        effective_at = new.effective_at or now
        _check(new, now, effective_at)
        books = Books(self._repository.connection, now)
        books.open([workspace_id])
        priority = rules.DEFAULT_PRIORITIES[new.origin.name.lower()] if new.priority is None else new.priority
        row = self._repository.add(
            Grant(
                public_id=new_id(),
                workspace_id=workspace_id,
                origin=new.origin,
                state=GrantState.SCHEDULED,
                priority=priority,
                amount_nano=new.amount_nano,
                remaining_nano=0,
                effective_at=effective_at,
                expires_at=new.expires_at,
                created_at=now,
            )
        )
        books.enter(row)
        books.write()
        self._repository.session.refresh(row)
        self._audit.record(
            "credits.grant",
            ("grant", encode_id(GRANT, row.public_id)),
            workspace_id=workspace_id,
            after={"credits": format_credits(new.amount_nano), "origin": new.origin.name.lower()},
            reason=reason,
        )
        return row

    def void(self, workspace_id: int, public_id: bytes, reason: str) -> Grant:
        """Take away what remains of a grant; raises GrantNotFound, GrantIsOver."""
        return self._end(workspace_id, public_id, GrantState.VOIDED, reason)

    def expire(self, workspace_id: int, public_id: bytes, reason: str) -> Grant:
        """End a grant now, as if its time were over; raises GrantNotFound, GrantIsOver."""
        return self._end(workspace_id, public_id, GrantState.EXPIRED, reason)

    def reverse(self, workspace_id: int, seq: int, reason: str, expires_at: int = 0) -> Sequence[LedgerEntry]:
        """Write the opposite of an entry; raises EntryNotFound, NotReversible, ReversedAlready.

        What it gave is taken back, first from the grant that it gave to. What it took is given back as a grant of
        its own, which repays debt first; it ends with the grant it was taken from unless `expires_at` is told.
        """
        now = self._uow.clock.now_ms()
        books = Books(self._repository.connection, now)
        books.open([workspace_id])
        entry = self._repository.entry(workspace_id, seq)
        if entry is None:
            raise EntryNotFound
        if entry.kind not in rules.REVERSIBLE:
            raise NotReversible
        if self._repository.reversals_of(workspace_id, seq):
            raise ReversedAlready
        cause = rules.Cause(rules.BY_ENTRY, seq)
        if entry.amount_nano > 0:
            books.take_back(workspace_id, entry.amount_nano, entry.grant_id, cause)
        else:
            until = expires_at or self._end_of(entry, now)
            if until and until <= now:
                raise invalid("/expires_at", "expires_at.past", "Credits must expire in the future.")
            given = Given(workspace_id, -entry.amount_nano, now, until, origin=Origin.ADJUSTMENT)
            books.start(workspace_id, books.give([given])[0], rules.REVERSAL, cause)
        books.write()
        self._audit.record(
            "credits.reverse",
            ("ledger_entry", str(seq)),
            workspace_id=workspace_id,
            before={"kind": EntryKind(entry.kind).name.lower(), "credits": format_credits(entry.amount_nano)},
            reason=reason,
        )
        return self._repository.reversals_of(workspace_id, seq)

    @contextmanager
    def weighing(self, workspace_id: int, base_nano: int) -> Iterator[None]:
        """Hold a balance while its thresholds are changed; `base_nano` is what percents are of, 0 = nothing."""
        books = Books(self._repository.connection, self._uow.clock.now_ms())
        books.open([workspace_id])
        yield
        books.weigh_anew(workspace_id, base_nano)
        books.write()

    def allowance_of(self, renewal_id: int) -> int:
        """Return what the grant of a subscription's period was worth; 0 = there is none."""
        return self._repository.allowance_of(renewal_id) if renewal_id else 0

    def turn_due(self) -> int:
        """Let time pass for workspaces whose grants start or end; returns how many. Asks again while many wait."""
        now = self._uow.clock.now_ms()
        due = self._repository.workspaces_with_due_grants(now, TURN_CHUNK)
        books = Books(self._repository.connection, now)
        books.open(due)
        books.write()
        if len(due) == TURN_CHUNK:
            self._uow.enqueue(TurnGrants())
        return len(due)

    def standing(self, workspace_id: int) -> Standing:
        """Return balance and living grants; raises NoSuchAccount."""
        balance = self._repository.balance(workspace_id)
        if balance is None:
            raise NoSuchAccount(workspace_id)
        grants = sorted(self._repository.living(workspace_id), key=_burn_key)
        return Standing(balance, grants)

    def balances(self, workspace_ids: Sequence[int]) -> dict[int, Balance]:
        """Return the balances of many workspaces."""
        return self._repository.balances(workspace_ids)

    def grants_page(self, workspace_id: int, ask: PageRequest) -> Page[Grant]:
        """Return all grants, newest first."""
        return self._repository.grants_page(workspace_id, ask)

    def ledger_page(self, workspace_id: int, kind: EntryKind | None, ask: PageRequest) -> Page[LedgerEntry]:
        """Return the ledger, newest first."""
        return self._repository.ledger_page(workspace_id, kind, ask)

    def grants_by_number(self, numbers: Sequence[int]) -> dict[int, Grant]:
        """Return grants by their inside numbers, for lists that name them."""
        return self._repository.grants_by_number(numbers)

    def entries_of_renewals(self, renewal_ids: Sequence[int]) -> Sequence[LedgerEntry]:
        """Return what renewals of subscriptions wrote: the proof that each was done once."""
        return self._repository.entries_of_renewals(renewal_ids)

    def entries_of_settlement(self, settlement_id: int, workspace_id: int) -> Sequence[LedgerEntry]:
        """Return what a settlement took from a workspace, by grant."""
        return self._repository.entries_of_settlement(settlement_id, workspace_id)

    def _end(self, workspace_id: int, public_id: bytes, state: GrantState, reason: str) -> Grant:
        books = Books(self._repository.connection, self._uow.clock.now_ms())
        books.open([workspace_id])
        row = self._repository.grant(workspace_id, public_id)
        if row is None:
            raise GrantNotFound
        if row.state not in (GrantState.SCHEDULED, GrantState.ACTIVE):
            raise GrantIsOver
        left = row.remaining_nano
        if state is GrantState.VOIDED:
            books.void(workspace_id, row.id)
        else:
            books.expire(workspace_id, row.id)
        books.write()
        self._repository.session.refresh(row)
        if row.state != state:
            raise GrantIsOver
        self._audit.record(
            "credits.void" if state is GrantState.VOIDED else "credits.expire",
            ("grant", encode_id(GRANT, row.public_id)),
            workspace_id=workspace_id,
            before={"remaining": format_credits(left)},
            reason=reason,
        )
        return row

    def _end_of(self, entry: LedgerEntry, now: int) -> int:
        """Return when the grant that an entry took from ends, if that is still to come; else 0."""
        grant = self._repository.grants_by_number([entry.grant_id]).get(entry.grant_id)
        return grant.expires_at if grant is not None and grant.expires_at > now else 0


def _burn_key(grant: Grant) -> tuple[int, int, int, int]:
    return (grant.state != GrantState.ACTIVE, grant.priority, grant.expires_at or rules.NEVER, grant.id)


def _check(new: NewGrant, now: int, effective_at: int) -> None:
    if not 0 < new.amount_nano <= MAX_GRANT_NANO:
        raise invalid("/credits", "credits.out_of_range", "Give more than 0 and at most 1000000000 credits.")
    if new.expires_at and new.expires_at <= max(now, effective_at):
        raise invalid("/expires_at", "expires_at.past", "Credits must expire after they start, and in the future.")
    if new.priority is not None and not 0 <= new.priority <= _MAX_PRIORITY:
        raise invalid("/priority", "priority.out_of_range", f"Use a priority from 0 to {_MAX_PRIORITY}.")
