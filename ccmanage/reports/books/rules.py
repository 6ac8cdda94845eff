"""What must hold of rows that were read: plain values in, findings out. No clock, no database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from struct import error as StructError  # noqa: N812 - it is a class
from typing import NamedTuple

from ccmanage.credits.rules import (
    BY_SETTLEMENT,
    GENESIS,
    NO_GRANT,
    SCHEDULED,
    USAGE,
    VOIDED,
    Movement,
    entry_hash,
)
from ccmanage.reports.books.report import Finding, finding

_INSERTED, _DUPLICATE, _CONFLICT, _QUARANTINED, _UNPRICED = range(1, 6)
_PENDING, _SETTLED = 0, 1
_ACTIVE = 1
_BATCHES = 0


class BatchRow(NamedTuple):
    """A batch beside its outcome; the latter's columns are None where there is none."""

    id: int
    state: int
    received: int
    rejected: int
    inserted: int | None
    duplicates: int | None
    conflicts: int | None
    quarantined: int | None
    unpriced: int | None
    outcomes: bytes | None


def judge_batch(row: BatchRow) -> Iterator[Finding]:
    """I1: a settled batch has an outcome in which every item is counted once; a pending one has none."""
    where = {"batch": row.id}
    if row.state not in (_PENDING, _SETTLED):
        yield finding("I1", "state", where, "pending or settled", row.state)
    has_outcome = row.inserted is not None
    if has_outcome != (row.state == _SETTLED):
        yield finding("I1", "outcome", where, *(("none", "one") if has_outcome else ("one", "none")))
    if row.inserted is None:
        return
    counts = (row.inserted, row.duplicates or 0, row.conflicts or 0, row.quarantined or 0)
    unpriced = row.unpriced or 0
    if sum(counts) != row.received:
        yield finding("I1", "received", where, row.received, sum(counts))
    if row.rejected > counts[3]:
        yield finding("I1", "rejected", where, f"at most {counts[3]}", row.rejected)
    if unpriced > row.inserted:
        yield finding("I1", "unpriced", where, f"at most {row.inserted}", unpriced)
    if row.outcomes is not None:
        stored = bytes(row.outcomes)
        if len(stored) != row.received:
            yield finding("I1", "items", where, row.received, len(stored))
        told = tuple(map(stored.count, (_INSERTED, _DUPLICATE, _CONFLICT, _QUARANTINED)))
        told = (told[0] + stored.count(_UNPRICED), *told[1:])
        if told != counts or stored.count(_UNPRICED) != unpriced:
            yield finding("I1", "outcomes", where, (*counts, unpriced), (*told, stored.count(_UNPRICED)))


class SettlementRow(NamedTuple):
    """A settlement (`known` 1) beside the sums of everything that names it."""

    id: int
    known: int
    kind: int
    batches: int
    events: int
    credits: int
    outcomes: int
    inserted: int
    unpriced: int
    batch_credits: int
    charged_events: int
    late_events: int
    ledger: int


def judge_settlement(row: SettlementRow) -> Iterator[Finding]:
    """I1 and I5: what names a settlement exists, and its own sums are those of batches, events and ledger."""
    where = {"settlement": row.id}
    if row.known != 1:
        named = {
            "batches": row.outcomes,
            "events": row.charged_events,
            "unpriced": row.late_events,
            "ledger": row.ledger,
        }
        yield finding("I5", "settlement", where, "a settlement", "none, but " + _listed(named))
        return
    if row.batches != row.outcomes:
        yield finding("I1", "batches", where, row.batches, row.outcomes)
    if row.events != row.inserted + row.late_events:
        yield finding("I1", "inserted", where, row.events, row.inserted + row.late_events)
    if row.events != row.charged_events + row.unpriced:
        yield finding("I1", "events", where, row.events - row.unpriced, row.charged_events)
    if row.credits != -row.ledger:
        yield finding("I5", "credits", where, -row.ledger, row.credits)
    if row.kind == _BATCHES and row.credits != row.batch_credits:
        yield finding("I5", "batch_credits", where, row.credits, row.batch_credits)


def _listed(sums: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sums.items() if value) or "rows of nothing"


class Entry(NamedTuple):
    """A ledger entry as it is stored."""

    workspace: int
    seq: int
    kind: int
    amount: int
    grant: int
    ref_kind: int
    ref_id: int
    balance_after: int
    at: int
    prev_hash: bytes
    hash: bytes


@dataclass(slots=True)
class Chain:
    """The ledger of one workspace as far as it was read.

    `whole` says that it was read from its first entry, so that its sums are those of all entries. A chain that
    is taken up in the middle believes its first entry's predecessor, which an earlier audit has proven.
    """

    workspace: int
    whole: bool = True
    seq: int = 0
    balance: int = 0
    hash: bytes = GENESIS
    total: int = 0
    spent: int = 0
    by_grant: dict[int, int] = field(default_factory=dict)
    is_taken_up: bool = False

    def follow(self, entry: Entry) -> Iterator[Finding]:
        """I7: the next entry has the next number, covers the one before it, and its balance is the running sum."""
        where = {"workspace": entry.workspace, "seq": entry.seq}
        if not self.whole and not self.is_taken_up:
            self.seq, self.balance, self.hash = entry.seq - 1, entry.balance_after - entry.amount, entry.prev_hash
            self.is_taken_up = True
        if entry.seq != self.seq + 1:
            yield finding("I7", "seq", where, self.seq + 1, entry.seq)
        if entry.prev_hash != self.hash:
            yield finding("I7", "prev_hash", where, self.hash, entry.prev_hash)
        digest = _digest(entry)
        if entry.hash != digest:
            yield finding("I7", "hash", where, digest, entry.hash)
        if entry.balance_after != self.balance + entry.amount:
            yield finding("I7", "balance_after", where, self.balance + entry.amount, entry.balance_after)
        if entry.kind == USAGE and entry.ref_kind != BY_SETTLEMENT:
            yield finding("I5", "reference", where, "a settlement", f"reference of kind {entry.ref_kind}")
        # From here on what is stored counts, so that one fault is told once.
        self.seq, self.balance, self.hash = entry.seq, entry.balance_after, entry.hash
        self.total += entry.amount
        self.by_grant[entry.grant] = self.by_grant.get(entry.grant, 0) + entry.amount
        if entry.kind == USAGE:
            self.spent -= entry.amount


def _digest(entry: Entry) -> bytes:
    """Return the hash that an entry must have; one that could never have been written has none."""
    movement = Movement(entry.kind, entry.amount, entry.grant, entry.ref_kind, entry.ref_id)
    try:
        return entry_hash(entry.prev_hash, entry.workspace, entry.seq, movement, entry.balance_after, entry.at)
    except StructError:
        return b""


class AccountRow(NamedTuple):
    """A workspace's balance as it is stored."""

    workspace: int
    balance: int
    debt: int
    spent: int
    seq: int
    last_hash: bytes


class GrantRow(NamedTuple):
    """A grant as it is stored."""

    id: int
    workspace: int
    state: int
    amount: int
    remaining: int


def judge_account(account: AccountRow, grants: Sequence[GrantRow], chain: Chain) -> Iterator[Finding]:
    """I3, I4, I7: balance, grants and ledger of one workspace say the same. All were read in one snapshot."""
    where = {"workspace": account.workspace}
    if account.seq != chain.seq:
        yield finding("I7", "head", where, f"seq {account.seq}", f"seq {chain.seq}")
    elif account.last_hash != chain.hash:
        yield finding("I7", "head", where, account.last_hash, chain.hash)
    ledger = chain.total if chain.whole else chain.balance
    if account.balance != ledger:
        yield finding("I3", "ledger", where, ledger, account.balance)
    remaining = sum(grant.remaining for grant in grants)
    if account.balance != remaining - account.debt:
        yield finding("I3", "grants", where, remaining - account.debt, account.balance)
    if account.debt < 0:
        yield finding("I3", "debt", where, "at least 0", account.debt)
    if chain.whole:
        yield from _judge_sums(account, grants, chain)
    for grant in grants:
        yield from judge_grant(grant)


def _judge_sums(account: AccountRow, grants: Sequence[GrantRow], chain: Chain) -> Iterator[Finding]:
    """Hold the ledger's sums by grant against what remains of each, and the rest against the debt."""
    where = {"workspace": account.workspace}
    if account.spent != chain.spent:
        yield finding("I3", "spent", where, chain.spent, account.spent)
    sums = dict(chain.by_grant)
    if sums.pop(NO_GRANT, 0) != -account.debt:
        yield finding("I4", "debt_ledger", where, -chain.by_grant.get(NO_GRANT, 0), account.debt)
    for grant in grants:
        moved = sums.pop(grant.id, 0)
        if moved != grant.remaining:
            yield finding("I4", "grant_ledger", {**where, "grant": grant.id}, moved, grant.remaining)
    for number, moved in sums.items():
        yield finding("I4", "grant", {**where, "grant": number}, f"a grant with {moved} remaining", "none")


def judge_grant(grant: GrantRow) -> Iterator[Finding]:
    """I4: what remains is between nothing and all; only an active grant has something."""
    where = {"workspace": grant.workspace, "grant": grant.id}
    if not SCHEDULED <= grant.state <= VOIDED:
        yield finding("I4", "state", where, f"{SCHEDULED} to {VOIDED}", grant.state)
    if not 0 <= grant.remaining <= grant.amount:
        yield finding("I4", "bounds", where, f"0 to {grant.amount}", grant.remaining)
    elif grant.remaining and grant.state != _ACTIVE:
        yield finding("I4", "over", where, 0, grant.remaining)


def judge_guards(wanted: Iterable[str], bodies: Mapping[str, str]) -> Iterator[Finding]:
    """I7: each deed that the database must refuse has a trigger that refuses it."""
    for deed in wanted:
        body = bodies.get(deed, "").upper()
        if "SIGNAL" not in body and "RAISE(ABORT" not in body:
            yield finding("I7", "guard", {"table": "ledger", "deed": deed}, "a trigger that refuses", "none")
