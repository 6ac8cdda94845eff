"""How credits move. Plain values in, movements out: no clock, no database.

A `Grant` given to these functions is a working copy that they change; what comes back are the movements that
the ledger must hold. Two sums stay true throughout: per grant, the movements add up to what remains; the
movements without a grant add up to minus the debt.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

SCHEDULED, ACTIVE, EXHAUSTED, EXPIRED, VOIDED = range(5)
GRANT, USAGE, EXPIRY, ROLLOVER, REPAYMENT, FORGIVENESS, VOID, ADJUSTMENT, REVERSAL = range(1, 10)
BY_GRANT, BY_SETTLEMENT, BY_ENTRY, BY_RENEWAL = 1, 2, 3, 4

NEVER = 1 << 62
NO_GRANT = 0
GENESIS = bytes(32)

# What an administrator may reverse. Pairs (rollover, repayment) would be torn apart; a reversal is undone by a grant.
REVERSIBLE = frozenset({GRANT, USAGE, EXPIRY, FORGIVENESS, VOID, ADJUSTMENT})

# Lower burns first. Free credits go before paid ones, and what was bought last of all.
DEFAULT_PRIORITIES = {"compensation": 10, "subscription": 20, "voucher": 30, "adjustment": 40, "top_up": 50}

_ENTRY = Struct(">qqBqqBqqq")


class Cause(NamedTuple):
    """What a movement is written for: a kind of reference and its number."""

    kind: int
    id: int


class Movement(NamedTuple):
    """One ledger entry to be: kind, signed amount in nano-credits, grant (0 = none), what caused it."""

    kind: int
    amount: int
    grant_id: int
    ref_kind: int
    ref_id: int


@dataclass(slots=True)
class Grant:
    """A bucket of credits. `expires_at` 0 means never.

    A grant with a `renewal_id` is the allowance of a subscription's period: the renewal that closes the period
    ends it, not the clock. So what is charged before the renewal takes the lock belongs to the old period, and
    the renewal still finds what is left to roll over, however late it comes.
    """

    id: int
    priority: int
    amount: int
    remaining: int
    state: int
    effective_at: int
    expires_at: int
    origin: int = 0
    renewal_id: int = 0


@dataclass(frozen=True, slots=True)
class Rollover:
    """What outlives a period of the allowance that is left: a share of it, under a cap over all that rolled over.

    `cap` 0 means none. How long it lives is an instant, `expires_at` of the grant that it rolls into.
    """

    percent: int = 0
    cap: int = 0

    def kept(self, left: int, rolled_before: int) -> int:
        """Return how much of `left` is kept beside what earlier periods left; parts of a nano are not kept."""
        part = left * self.percent // 100
        return max(0, min(part, self.cap - rolled_before)) if self.cap else part


def burn_key(grant: Grant) -> tuple[int, int, int]:
    """Sort grants as they burn: priority, then soonest expiry, then oldest."""
    return (grant.priority, grant.expires_at or NEVER, grant.id)


def turn(grants: Iterable[Grant], debt: int, now: int) -> tuple[list[Movement], int]:
    """Let time pass: start what is due, end what is over, in the order in which it happened.

    Returns the movements and the debt that is left.
    """
    steps = []
    for grant in grants:
        if grant.state == SCHEDULED and grant.effective_at <= now:
            steps.append((grant.effective_at, 0, grant.id, grant))
        if grant.state in (SCHEDULED, ACTIVE) and 0 < grant.expires_at <= now and not grant.renewal_id:
            steps.append((grant.expires_at, 1, grant.id, grant))
    if not steps:
        return [], debt
    movements: list[Movement] = []
    for _at, is_end, _id, grant in sorted(steps, key=lambda step: step[:3]):
        if is_end:
            movements += end(grant, EXPIRY, EXPIRED)
        else:
            started, debt = start(grant, debt)
            movements += started
    return movements, debt


def start(grant: Grant, debt: int, kind: int = GRANT, cause: Cause | None = None) -> tuple[list[Movement], int]:
    """Let a grant take effect: it repays the debt first. Returns the movements and the debt that is left.

    `kind` is ROLLOVER where its credits come out of another grant.
    """
    movements = [Movement(kind, grant.amount, grant.id, *(cause or (BY_GRANT, grant.id)))]
    repaid = min(debt, grant.amount)
    if repaid:
        movements.append(Movement(REPAYMENT, -repaid, grant.id, BY_GRANT, grant.id))
        movements.append(Movement(REPAYMENT, repaid, NO_GRANT, BY_GRANT, grant.id))
    grant.remaining = grant.amount - repaid
    grant.state = ACTIVE if grant.remaining else EXHAUSTED
    return movements, debt - repaid


def end(grant: Grant, kind: int, state: int, cause: Cause | None = None) -> list[Movement]:
    """Take away what remains of a grant, because it expires or is voided."""
    left = grant.remaining
    grant.remaining = 0
    grant.state = state
    return [Movement(kind, -left, grant.id, *(cause or (BY_GRANT, grant.id)))] if left else []


def close(grant: Grant, kept: int, cause: Cause) -> list[Movement]:
    """End the grant of a period: `kept` leaves it for the grant that it rolls into, the rest expires."""
    movements = []
    if kept:
        grant.remaining -= kept
        movements.append(Movement(ROLLOVER, -kept, grant.id, *cause))
    return movements + end(grant, EXPIRY, EXPIRED, cause)


def forgive(debt: int, limit: int, cause: Cause) -> tuple[list[Movement], int]:
    """Let go of debt, at most `limit` of it. Returns the movements and the debt that is left."""
    forgiven = min(debt, limit)
    return [Movement(FORGIVENESS, forgiven, NO_GRANT, *cause)] if forgiven > 0 else [], debt - max(0, forgiven)


def rolled_over(grants: Iterable[Grant], origin: int) -> int:
    """Return what lives on from earlier periods: grants of a subscription's origin that no period ends."""
    return sum(
        grant.remaining for grant in grants if grant.origin == origin and grant.state == ACTIVE and not grant.renewal_id
    )


def burn(grants: Iterable[Grant], cost: int, settlement_id: int) -> tuple[list[Movement], int]:
    """Take a cost from active grants in burn order. Returns the movements and the new debt it makes.

    Never refuses: the usage has happened.
    """
    ordered = sorted([grant for grant in grants if grant.state == ACTIVE], key=burn_key)
    return _take(ordered, cost, USAGE, Cause(BY_SETTLEMENT, settlement_id))


def take_back(grants: Iterable[Grant], amount: int, grant_id: int, cause: Cause) -> tuple[list[Movement], int]:
    """Take back what an entry gave: from the grant that it gave to, then from others in burn order, then as debt.

    Returns the movements and the new debt. What was spent meanwhile stays spent, so that it is owed.
    """
    active = [grant for grant in grants if grant.state == ACTIVE]
    ordered = sorted(active, key=lambda grant: (grant.id != grant_id, *burn_key(grant)))
    return _take(ordered, amount, REVERSAL, cause)


def _take(ordered: Iterable[Grant], amount: int, kind: int, cause: Cause) -> tuple[list[Movement], int]:
    movements = []
    for grant in ordered:
        if not amount:
            break
        part = min(amount, grant.remaining)
        grant.remaining -= part
        if not grant.remaining:
            grant.state = EXHAUSTED
        amount -= part
        movements.append(Movement(kind, -part, grant.id, *cause))
    if amount:
        movements.append(Movement(kind, -amount, NO_GRANT, *cause))
    return movements, amount


def entry_hash(prev_hash: bytes, workspace_id: int, seq: int, movement: Movement, balance_after: int, at: int) -> bytes:
    """Return the hash of a ledger entry, which covers the one before it in its workspace."""
    kind, amount, grant_id, ref_kind, ref_id = movement
    packed = _ENTRY.pack(workspace_id, seq, kind, amount, grant_id, ref_kind, ref_id, balance_after, at)
    return hashlib.sha256(prev_hash + packed).digest()


def run_out_at(available: int, spent: int, over_ms: int, now: int) -> int | None:
    """Return when credits end at the pace of the last `over_ms`; None if nothing is spent, `now` if they ended."""
    if available <= 0:
        return now
    if spent <= 0 or over_ms <= 0:
        return None
    return now + available * over_ms // spent


def total(movements: Sequence[Movement]) -> int:
    """Return the sum of movements."""
    return sum(movement.amount for movement in movements)
