"""Settle what waits in the inbox: exactly once, many batches in one transaction, one settler at a time."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import Connection, insert, update
from sqlalchemy.orm import Session

from ccmanage.core.clock import SECOND, Clock
from ccmanage.core.db import is_duplicate, is_transient
from ccmanage.core.failpoints import failpoint
from ccmanage.core.logging import get_logger
from ccmanage.core.sql import IN_LIST, chunks, ints, select_in
from ccmanage.core.uow import OutcomeUnknown, with_retries
from ccmanage.credits.books import Books
from ccmanage.pricing.service import PricingService
from ccmanage.usage.claim import claim, find_floor
from ccmanage.usage.lookup import Lookups
from ccmanage.usage.models import Settlement, SettlementKind
from ccmanage.usage.plan import Claimed, EventKey, Facts, Plan, make_plan
from ccmanage.usage.writing import write_plan

log = get_logger(__name__)

LANE = 0
_MAX_POISON = 20
_FLOOR_EVERY_MS = 10 * SECOND
_TOUCH_EVERY_MS = 30 * SECOND


class SettlingScope(Protocol):
    """What a settlement needs of a transaction."""

    session: Session
    clock: Clock

    @property
    def pricing(self) -> PricingService:
        """The price book."""
        ...


@dataclass(frozen=True, slots=True)
class SettleResult:
    """What one settlement did; `had_lane` is False when another process is settling."""

    batches: int = 0
    events: int = 0
    had_lane: bool = True
    oldest_ms: int = 0


class _Undo(Exception):
    """Ends a trial: nothing of it stays."""


class _LaneTaken(Exception):
    """Another process settles meanwhile: it will meet the same trouble and deal with it."""


class Settler:
    """The process's settler. Safe to call from any thread: only one works, the others return at once."""

    def __init__(
        self, open_scope: Callable[[], AbstractContextManager[SettlingScope]], clock: Clock, *, max_events: int
    ) -> None:
        self._open_scope = open_scope
        self._clock = clock
        self._max_events = max_events
        self._lookups = Lookups()
        self._busy = threading.Lock()
        self._floor = 0
        self._floor_at = 0
        self._last_used: dict[int, int] = {}
        self._touched_at = 0

    def run_pending(self, *, should_stop: Callable[[], bool] = lambda: False) -> SettleResult:
        """Settle until nothing waits; returns the sums, and whether the lane was to be had at the end."""
        batches = events = 0
        while not should_stop():
            result = self.settle_once()
            batches, events = batches + result.batches, events + result.events
            if not result.batches:
                return replace(result, batches=batches, events=events)
        return SettleResult(batches, events)

    def settle_once(self) -> SettleResult:
        """Settle the oldest batches in one transaction."""
        if not self._busy.acquire(blocking=False):
            return SettleResult(had_lane=False)
        try:
            return self._settle_guarded()
        finally:
            self._busy.release()

    def _settle_guarded(self) -> SettleResult:
        poison: dict[EventKey, str] = {}
        claimed: list[Claimed] = []

        def attempt() -> SettleResult:
            return self._attempt(poison, claimed)

        for _ in range(_MAX_POISON):
            try:
                result = with_retries(attempt, repeatable=True)
            except Exception as error:
                self._lookups.forget()
                if _will_pass(error) or not claimed:
                    raise
                log.exception("settlement_failed", batches=len(claimed))
                try:
                    found = self._find_poison(claimed, error)
                except _LaneTaken:
                    return SettleResult(had_lane=False)
                if not found:
                    self._put_off(claimed)
                    return SettleResult()
                poison |= found
                continue
            self._touch_keys()
            return result
        self._put_off(claimed)
        return SettleResult()

    def _attempt(self, poison: dict[EventKey, str], claimed: list[Claimed]) -> SettleResult:
        claimed.clear()
        try:
            with self._open_scope() as scope:
                connection = scope.session.connection()
                if not take_lane(connection):
                    return SettleResult(had_lane=False)
                now = self._clock.now_ms()
                self._raise_floor(connection, now)
                claimed.extend(claim(connection, self._floor, now, self._max_events))
                if not claimed:
                    return SettleResult()
                plan = self._settle(scope, claimed, poison, now)
                failpoint("settle.before_commit")
        except BaseException:
            self._lookups.forget()
            raise
        failpoint("settle.after_commit")
        for key_id, at in plan.last_used.items():
            self._last_used[key_id] = max(at, self._last_used.get(key_id, 0))
        return SettleResult(len(claimed), len(plan.events), oldest_ms=claimed[0].received_at)

    def _settle(self, scope: SettlingScope, batches: list[Claimed], poison: dict[EventKey, str], now: int) -> Plan:
        """Do everything that belongs to one settlement, in the transaction of the scope."""
        connection = scope.session.connection()
        records = [record for batch in batches for record in batch.records]
        keys = self._lookups.keys(connection, {record.identity.key for record in records}, now)
        projects = {
            (keys[record.identity.key].workspace_id, record.project)
            for record in records
            if record.project and record.identity.key in keys
        }
        workspaces = {keys[key].workspace_id for key in {record.identity.key for record in records} if key in keys}
        books = Books(connection, now)
        books.open(workspaces)
        facts = Facts(
            keys=keys,
            models=self._lookups.models(connection, {record.identity.model for record in records}),
            projects=self._lookups.projects(connection, projects),
            book=scope.pricing.book(fresh=True),
            existing=_existing(connection, batches),
            poison=poison,
        )
        settlement_id = open_settlement(connection, SettlementKind.BATCHES, now)
        plan = _fitting_plan(batches, facts, settlement_id, books)
        write_plan(connection, plan, settlement_id, now)
        for workspace_id, cost in plan.charges.items():
            books.charge(workspace_id, cost, settlement_id)
        books.write()
        close_settlement(connection, settlement_id, len(batches), len(plan.events), plan.credits)
        return plan

    def _raise_floor(self, connection: Connection, now: int) -> None:
        """Derive anew, now and then, from which number on batches can be pending."""
        if not self._floor_at or not 0 <= now - self._floor_at < _FLOOR_EVERY_MS:
            self._floor = find_floor(connection)
            self._floor_at = now

    def _find_poison(self, batches: list[Claimed], error: Exception) -> dict[EventKey, str]:
        """Bisect in memory, by trials that are rolled back, until the event that fails is alone."""
        names = [(batch.gateway_id, record.identity.id) for batch in batches for record in batch.records]
        suspects, text = list(dict.fromkeys(names)), f"{type(error).__name__}: {error}"[:300]
        while len(suspects) > 1:
            half = suspects[: len(suspects) // 2]
            failed = self._trial(batches, set(half))
            if failed is not None:
                suspects, text = half, failed
                continue
            rest = suspects[len(half) :]
            failed = self._trial(batches, set(rest))
            if failed is None:
                return {}
            suspects, text = rest, failed
        log.error("event_poisoned", event_id=suspects[0][1] if suspects else "", error=text)
        return {suspects[0]: text} if suspects else {}

    def _trial(self, batches: list[Claimed], chosen: set[EventKey]) -> str | None:
        """Settle only the chosen events and undo it; returns what went wrong."""
        part = [
            replace(batch, records=[r for r in batch.records if (batch.gateway_id, r.identity.id) in chosen])
            for batch in batches
        ]

        def once() -> None:
            with self._open_scope() as scope:
                if not take_lane(scope.session.connection()):
                    raise _LaneTaken
                self._settle(scope, part, {}, self._clock.now_ms())
                raise _Undo

        try:
            with_retries(once, repeatable=True)
        except _Undo:
            return None
        except Exception as error:  # whatever it is: that is what the trial is for
            if isinstance(error, _LaneTaken) or _will_pass(error):
                raise
            return f"{type(error).__name__}: {error}"[:300]
        finally:
            self._lookups.forget()
        return None

    def _put_off(self, batches: list[Claimed]) -> None:
        """Let batches that fail for no single event's sake wait, longer each time, so that others go on."""
        now = self._clock.now_ms()
        with self._open_scope() as scope:
            for part in chunks((batch.id for batch in batches), IN_LIST):
                scope.session.connection().exec_driver_sql(
                    f"UPDATE inbox_batches SET next_attempt_at = {now:d} + 1000 * (tries + 1) * (tries + 1),"
                    f" tries = tries + 1 WHERE id IN ({ints(part)}) AND state = 0"
                )

    def _touch_keys(self) -> None:
        """Write now and then when keys were last used: in a transaction of its own, outside the lane."""
        now = self._clock.now_ms()
        if not self._last_used or 0 <= now - self._touched_at < _TOUCH_EVERY_MS:
            return
        used, self._last_used, self._touched_at = sorted(self._last_used.items()), {}, now

        def once() -> None:
            with self._open_scope() as scope:
                for part in chunks(used, 200):
                    cases = " ".join(f"WHEN {key_id:d} THEN {at:d}" for key_id, at in part)
                    scope.session.connection().exec_driver_sql(
                        f"UPDATE api_keys SET last_used_at = CASE id {cases} END"
                        f" WHERE id IN ({ints(key_id for key_id, _at in part)})"
                    )

        with_retries(once, repeatable=True)


def _will_pass(error: Exception) -> bool:
    """Tell whether trying again later helps. A key that is refused again and again is a fault in the data."""
    return isinstance(error, OutcomeUnknown) or (is_transient(error) and not is_duplicate(error))


def take_lane(connection: Connection) -> bool:
    """Lock the lane for the length of the transaction; SQLite's write transaction is a lane by itself."""
    if connection.dialect.name == "sqlite":
        return True
    text = f"SELECT lane FROM settlement_lanes WHERE lane = {LANE} FOR UPDATE SKIP LOCKED"
    return connection.exec_driver_sql(text).first() is not None


def _existing(connection: Connection, batches: Iterable[Claimed]) -> dict[EventKey, bytes]:
    """Return the payload hashes of the ids that were charged before, archived ones too."""
    by_gateway: dict[int, set[bytes]] = defaultdict(set)
    for batch in batches:
        by_gateway[batch.gateway_id].update(record.identity.id.encode() for record in batch.records)
    tables = ["events"]
    if connection.exec_driver_sql("SELECT 1 FROM archived_event_keys LIMIT 1").first():
        tables.append("archived_event_keys")
    found: dict[EventKey, bytes] = {}
    for gateway_id, event_ids in by_gateway.items():
        wanted = sorted(event_ids)
        for table in tables:
            text = (
                f"SELECT event_id, payload_hash FROM {table} WHERE gateway_id = {gateway_id:d} AND event_id IN ({{}})"
            )
            for event_id, payload_hash in select_in(connection, text, wanted):
                found[gateway_id, bytes(event_id).decode()] = bytes(payload_hash)
    return found


def _fitting_plan(batches: list[Claimed], facts: Facts, settlement_id: int, books: Books) -> Plan:
    """Plan; leave out workspaces whose balance would leave the range in which numbers are exact."""
    existing = facts.existing
    while True:
        plan = make_plan(batches, replace(facts, existing=dict(existing)), settlement_id)
        full = [workspace for workspace, cost in plan.charges.items() if not books.can_charge(workspace, cost)]
        if not full:
            return plan
        facts = replace(facts, full=[*facts.full, *full])


def open_settlement(connection: Connection, kind: SettlementKind, now: int) -> int:
    """Insert the row of a settlement and return its number."""
    row = {"kind": int(kind), "at": now, "batches": 0, "events": 0, "credits_nano": 0}
    result = connection.execute(insert(Settlement).values(row))
    assert result.inserted_primary_key is not None  # noqa: S101 - for the type checker
    return int(result.inserted_primary_key[0])


def close_settlement(connection: Connection, settlement_id: int, batches: int, events: int, credits: int) -> None:
    """Write down what a settlement held."""
    connection.execute(
        update(Settlement)
        .where(Settlement.id == settlement_id)
        .values(batches=batches, events=events, credits_nano=credits)
    )
