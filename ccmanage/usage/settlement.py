"""Settle what waits in the inbox: exactly once, many batches in one transaction, one settler at a time."""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
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
from ccmanage.credits.holds import find_open
from ccmanage.keys.lookup import start_lives
from ccmanage.pricing.service import PricingService
from ccmanage.usage.claim import claim, find_floor
from ccmanage.usage.lookup import Lookups
from ccmanage.usage.models import Settlement, SettlementKind
from ccmanage.usage.plan import Claimed, EventKey, Facts, Plan, make_plan
from ccmanage.usage.poison import find_culprits
from ccmanage.usage.writing import write_plan

log = get_logger(__name__)

LANE = 0
# A post full of what cannot be settled must not hold up the others: so often, and so long, is searched at a time.
_SEARCHES = 3
_SEARCH_SECONDS = 2.0
_MAX_POISON = 10_000
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
        self,
        open_scope: Callable[[], AbstractContextManager[SettlingScope]],
        clock: Clock,
        *,
        max_events: int,
        end_leases: Callable[[Sequence[bytes]], object] = lambda _leases: None,
    ) -> None:
        self._open_scope = open_scope
        self._clock = clock
        self._max_events = max_events
        self._end_leases = end_leases
        self._lookups = Lookups()
        self._busy = threading.Lock()
        self._floor = 0
        self._floor_at = 0
        self._last_used: dict[int, int] = {}
        self._touched_at = 0
        # Events known to fail, until the settlement that quarantines them.
        self._poison: dict[EventKey, str] = {}

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
        claimed: list[Claimed] = []
        waits: list[Claimed] = []
        for _ in range(_SEARCHES):
            try:
                result = with_retries(lambda: self._attempt(claimed), repeatable=True)
            except Exception as error:
                self._lookups.forget()
                if _will_pass(error) or not claimed:
                    raise
                log.exception("settlement_failed", batches=len(claimed))
                text = _describe(error)
            else:
                self._forget_poison(claimed)
                self._touch_keys()
                return result
            try:
                waits = self._diagnose(claimed, text)
            except _LaneTaken:
                return SettleResult(had_lane=False)
            if waits:
                break
        self._put_off(waits or self._infected(claimed))
        return SettleResult()

    def _attempt(self, claimed: list[Claimed]) -> SettleResult:
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
                plan = self._settle(scope, claimed, self._poison, now)
                failpoint("settle.before_commit")
        except BaseException:
            self._lookups.forget()
            raise
        failpoint("settle.after_commit")
        if plan.leases:
            self._end_leases(plan.leases)
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
            if record.project and record.identity.key in keys and not keys[record.identity.key].is_erased
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
            holds=find_open(connection, {record.identity.hold for record in records if record.identity.hold}),
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

    def _diagnose(self, batches: list[Claimed], text: str) -> list[Claimed]:
        """Learn which events fail alone; where it is not for an event's sake, return the batches that have to wait."""
        if self._trial([]) is not None:
            return batches
        bare = [replace(batch, records=[]) for batch in batches]
        what = self._trial(bare)
        if what is not None:
            sick: dict[int, str] = {}
            places = range(len(bare))
            find_culprits(places, what, lambda some: self._trial([bare[n] for n in some]), _SEARCH_SECONDS, sick)
            return [batches[place] for place in sick] or batches
        names = dict.fromkeys((batch.gateway_id, record.identity.id) for batch in batches for record in batch.records)
        suspects = [name for name in names if name not in self._poison]
        # Straight into memory: another process that takes the lane between two trials must not undo the search.
        find_culprits(suspects, text, lambda some: self._trial(_only(batches, some)), _SEARCH_SECONDS, self._poison)
        found = [name for name in suspects if name in self._poison]
        for name in found:
            log.error("event_poisoned", event_id=name[1], error=self._poison[name])
        return [] if found else batches

    def _infected(self, batches: list[Claimed]) -> list[Claimed]:
        """Return the batches that hold events known to fail."""
        return [
            batch
            for batch in batches
            if any((batch.gateway_id, record.identity.id) in self._poison for record in batch.records)
        ]

    def _forget_poison(self, settled: list[Claimed]) -> None:
        """Forget what is quarantined by now."""
        for batch in settled if self._poison else ():
            for record in batch.records:
                self._poison.pop((batch.gateway_id, record.identity.id), None)
        if len(self._poison) > _MAX_POISON:
            self._poison.clear()

    def _trial(self, batches: list[Claimed]) -> str | None:
        """Settle batches and undo it; returns what went wrong."""

        def once() -> None:
            with self._open_scope() as scope:
                if not take_lane(scope.session.connection()):
                    raise _LaneTaken
                self._settle(scope, batches, {}, self._clock.now_ms())
                raise _Undo

        try:
            with_retries(once, repeatable=True)
        except _Undo:
            return None
        except Exception as error:  # whatever it is: that is what the trial is for
            if isinstance(error, _LaneTaken) or _will_pass(error):
                raise
            return _describe(error)
        finally:
            self._lookups.forget()
        return None

    def _put_off(self, batches: list[Claimed]) -> None:
        """Let batches wait that fail for no single event's sake, or hold too many that fail; longer each time."""
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
                    start_lives(scope.session.connection(), part)

        with_retries(once, repeatable=True)


def _only(batches: list[Claimed], chosen: Collection[EventKey]) -> list[Claimed]:
    wanted = set(chosen)
    return [
        replace(batch, records=[r for r in batch.records if (batch.gateway_id, r.identity.id) in wanted])
        for batch in batches
    ]


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _will_pass(error: Exception) -> bool:
    """Tell whether trying again later helps. A key that is refused again and again is a fault in the data."""
    return isinstance(error, OutcomeUnknown) or (is_transient(error) and not is_duplicate(error))


def take_lane(connection: Connection) -> bool:
    """Lock the lane for the length of the transaction; SQLite's write transaction is a lane by itself."""
    if connection.dialect.name == "sqlite":
        return True
    text = f"SELECT lane FROM settlement_lanes WHERE lane = {LANE} FOR UPDATE SKIP LOCKED"
    return connection.exec_driver_sql(text).first() is not None


def wait_for_lane(connection: Connection) -> None:
    """Lock the lane, waiting for whoever settles just now: a settler itself never waits, it looks again soon."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SELECT lane FROM settlement_lanes WHERE lane = {LANE} FOR UPDATE")


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
        plan = make_plan(batches, replace(facts, existing=dict(existing), holds=dict(facts.holds)), settlement_id)
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
