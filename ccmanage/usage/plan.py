"""Decide in memory what a settlement will write: outcomes, event rows, sums, charges.

Nothing here writes. An event on which this code fails is quarantined alone; its neighbours go on.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ccmanage.core.logging import get_logger
from ccmanage.credits.holds import OpenHold
from ccmanage.keys.lookup import KeyFound
from ccmanage.pricing.book import PriceBook
from ccmanage.pricing.errors import CostOutOfRange
from ccmanage.pricing.rules import cost_nano
from ccmanage.usage.models import SLOT_MS, EventFlag, Outcome
from ccmanage.usage.records import Identity, Record, Rejection

log = get_logger(__name__)

TIER_NAMES = {0: None, 1: "priority", 2: "batch"}
SPEED_NAMES = {0: None, 1: "fast"}
GEOGRAPHY_NAMES = {0: None, 1: "us"}
_SUSPENDED = 1

EventKey = tuple[int, str]
Refusal = tuple[str, str]

_CONFLICT = ("event.conflict", "This id was posted before with another payload.")
_UNKNOWN_KEY = ("key.unknown", "No API key of this installation was used.")


@dataclass(slots=True)
class Claimed:
    """A batch that is being settled, decoded."""

    id: int
    gateway_id: int
    received: int
    received_at: int
    records: list[Record]
    rejections: list[Rejection]


@dataclass(slots=True)
class Settled:
    """What becomes of a batch: one outcome byte per item, and the credits of what was inserted."""

    batch: Claimed
    outcomes: bytearray
    codes: dict[int, str] = field(default_factory=dict)
    credits: int = 0


@dataclass(slots=True)
class Quarantined:
    """An item that goes to quarantine, and why."""

    gateway_id: int
    batch_id: int
    event_id: str
    fingerprint: bytes
    code: str
    detail: str
    record: Record | None = None
    body: bytes = b""


@dataclass(slots=True)
class Facts:
    """What was looked up for the plan."""

    keys: Mapping[bytes, KeyFound]
    models: Mapping[str, int]
    projects: Mapping[tuple[int, str], int]
    book: PriceBook
    existing: dict[EventKey, bytes]
    poison: Mapping[EventKey, str]
    full: Collection[int] = ()
    # What may be captured; each hold is taken out by its event.
    holds: dict[bytes, OpenHold] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """All that a settlement will write."""

    settled: list[Settled] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    rollups: dict[tuple[int, ...], list[int]] = field(default_factory=dict)
    charges: dict[int, int] = field(default_factory=dict)
    unpriced: list[tuple[int, str]] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    last_used: dict[int, int] = field(default_factory=dict)
    captured: list[int] = field(default_factory=list)
    leases: list[bytes] = field(default_factory=list)
    credits: int = 0


def make_plan(batches: list[Claimed], facts: Facts, settlement_id: int) -> Plan:
    """Plan the settlement of batches, in the order in which they came."""
    plan = Plan()
    for batch in batches:
        settled = Settled(batch, bytearray(batch.received))
        for rejection in batch.rejections:
            settled.outcomes[rejection.index] = Outcome.QUARANTINED
            settled.codes[rejection.index] = rejection.code
            plan.quarantined.append(_refused(batch, rejection))
        for record in batch.records:
            settled.outcomes[record.index] = _place(plan, settled, record, facts, settlement_id)
        plan.settled.append(settled)
    return plan


def _place(plan: Plan, settled: Settled, record: Record, facts: Facts, settlement_id: int) -> int:
    """Plan one event; returns its outcome."""
    event = record.identity
    name = (settled.batch.gateway_id, event.id)
    known = facts.existing.get(name)
    if known is not None:
        if known == record.hash:
            return Outcome.DUPLICATE
        _set_aside(plan, settled, record, _CONFLICT)
        return Outcome.CONFLICT
    key = facts.keys.get(event.key)
    model_id = facts.models.get(event.model, 0)
    refusal = _refusal(name, key, model_id, facts)
    price_id = cost = 0
    if refusal is None:
        price_id, cost, refusal = _price(facts.book, event)
    if refusal is not None or key is None:
        _set_aside(plan, settled, record, refusal or _UNKNOWN_KEY)
        return Outcome.QUARANTINED
    facts.existing[name] = record.hash
    # The call of somebody who was erased since is counted and charged; what they called things is not kept.
    has_project = record.project and not key.is_erased
    project_id = facts.projects[key.workspace_id, record.project] if has_project else 0
    _add_event(plan, settled, record, facts, key, (model_id, project_id, price_id, cost, settlement_id))
    if price_id:
        return Outcome.INSERTED
    plan.unpriced.append(name)
    return Outcome.UNPRICED


def _refusal(name: EventKey, key: KeyFound | None, model_id: int, facts: Facts) -> Refusal | None:
    """Return why an event cannot be settled, as far as one can tell before it is priced."""
    if name in facts.poison:
        return "event.poison", facts.poison[name]
    if key is None:
        return _UNKNOWN_KEY
    if key.workspace_id in facts.full:
        return "credits.balance_out_of_range", "The balance would leave the range in which it is exact."
    if not model_id:
        return "event.too_many_models", "The installation knows too many model names already."
    return None


def _price(book: PriceBook, event: Identity) -> tuple[int, int, Refusal | None]:
    """Return the number of the price (0 = none), the cost, and why it cannot be."""
    try:
        price = book.price_for(event.model, event.at)
        if price is None:
            return 0, 0, None
        cost = cost_nano(
            price,
            event.input,
            event.output,
            event.cache_read,
            event.cache_write_5m,
            event.cache_write_1h,
            event.web_searches,
            TIER_NAMES.get(event.tier),
            SPEED_NAMES.get(event.speed),
            GEOGRAPHY_NAMES.get(event.geography),
        )
    except CostOutOfRange:
        return 0, 0, ("event.cost_out_of_range", "The event would cost more than a million credits.")
    except Exception as error:  # a fault of ours must not hold up the others
        log.exception("event_poisoned", event_id=event.id)
        return 0, 0, ("event.poison", type(error).__name__)
    return price.id, cost, None


def _add_event(
    plan: Plan, settled: Settled, record: Record, facts: Facts, key: KeyFound, numbers: tuple[int, int, int, int, int]
) -> None:
    model_id, project_id, price_id, cost, settlement_id = numbers
    batch, event = settled.batch, record.identity
    key_id, workspace_id, user_id = key[:3]
    at = event.at
    flags = _flags(key, at)
    if event.hold and not _captures(plan, facts, event.hold, workspace_id, batch.received_at):
        flags |= EventFlag.HOLD_REFUSED
    if record.lease:
        plan.leases.append(record.lease)
    plan.events.append(
        (
            batch.gateway_id,
            event.id.encode(),
            record.hash,
            workspace_id,
            key_id,
            user_id,
            model_id,
            project_id,
            at,
            batch.received_at,
            event.input,
            event.output,
            event.cache_read,
            event.cache_write_5m,
            event.cache_write_1h,
            event.web_searches,
            event.tier,
            event.speed,
            event.geography,
            event.is_error,
            flags,
            price_id,
            cost,
            settlement_id if price_id else 0,
            b"" if key.is_erased else record.session.encode(),
            event.hold,
            b"" if key.is_erased else record.extra,
        )
    )
    _add_up(plan, (workspace_id, at // SLOT_MS, key_id, user_id, model_id, project_id), event, cost)
    if price_id:
        plan.charges[workspace_id] = plan.charges.get(workspace_id, 0) + cost
        settled.credits += cost
        plan.credits += cost
    if at > plan.last_used.get(key_id, 0):
        plan.last_used[key_id] = at


def _captures(plan: Plan, facts: Facts, hold: bytes, workspace_id: int, received_at: int) -> bool:
    """Let an event capture the hold that it names; tells whether it may."""
    found = facts.holds.get(hold)
    if found is None or found.workspace_id != workspace_id or found.expires_at <= received_at:
        return False
    del facts.holds[hold]
    plan.captured.append(found.id)
    return True


def _flags(key: KeyFound, at: int) -> int:
    """Return what is remarkable about an event of this key at its time."""
    flags = 0
    if key.revoked_at and at >= key.revoked_at:
        flags |= EventFlag.KEY_REVOKED
    if key.expires_at and at >= key.expires_at:
        flags |= EventFlag.KEY_EXPIRED
    if key.workspace_state == _SUSPENDED:
        flags |= EventFlag.WORKSPACE_SUSPENDED
    return int(flags)


def _add_up(plan: Plan, slot: tuple[int, ...], event: Identity, cost: int) -> None:
    sums = plan.rollups.get(slot)
    if sums is None:
        sums = plan.rollups[slot] = [0, 0, 0, 0, 0, 0, 0, 0, 0]
    sums[0] += 1
    sums[1] += event.is_error
    sums[2] += event.input
    sums[3] += event.output
    sums[4] += event.cache_read
    sums[5] += event.cache_write_5m
    sums[6] += event.cache_write_1h
    sums[7] += event.web_searches
    sums[8] += cost


def _set_aside(plan: Plan, settled: Settled, record: Record, refusal: Refusal) -> None:
    batch, (code, detail) = settled.batch, refusal
    settled.codes[record.index] = code
    plan.quarantined.append(
        Quarantined(batch.gateway_id, batch.id, record.identity.id, record.hash, code, detail, record)
    )


def _refused(batch: Claimed, rejection: Rejection) -> Quarantined:
    return Quarantined(
        batch.gateway_id,
        batch.id,
        rejection.id,
        rejection.fingerprint,
        rejection.code,
        rejection.detail,
        body=rejection.body,
    )
