"""Holds: credits set aside before a call, strictly. Whoever makes or ends one has the balance locked.

An active hold that has run out sets nothing aside any more, swept or not; so nothing leaks when a gateway dies.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, func, select, update

from ccmanage.core.clock import HOUR, SECOND
from ccmanage.core.errors import invalid
from ccmanage.core.ids import new_id
from ccmanage.core.money import MAX_EVENT_NANO
from ccmanage.core.sql import IN_LIST, chunks, ints, select_in
from ccmanage.core.uow import UnitOfWork
from ccmanage.credits.books import Books
from ccmanage.credits.errors import HoldIsOver, HoldKeyReused, HoldNotFound, NotCovered
from ccmanage.credits.models import Hold, HoldState
from ccmanage.credits.repository import CreditRepository
from ccmanage.credits.tasks import ExpireHolds

MAX_TTL_SECONDS = HOUR // SECOND
EXPIRE_CHUNK = 500


@dataclass(frozen=True, slots=True)
class NewHold:
    """Credits to be set aside for a key of a workspace. `idempotency_key` makes repeating it harmless."""

    workspace_id: int
    key_id: int
    gateway_id: int
    amount_nano: int
    ttl_seconds: int
    idempotency_key: str = ""


class HoldService:
    """Use cases of holds."""

    def __init__(self, uow: UnitOfWork, repository: CreditRepository) -> None:
        self._uow = uow
        self._repository = repository

    def place(self, new: NewHold) -> Hold:
        """Set credits aside, if they are there: raises NotCovered, InvalidInput, HoldKeyReused."""
        _check(new)
        now = self._uow.clock.now_ms()
        books = Books(self._repository.connection, now)
        books.open([new.workspace_id])
        request_key = _request_key(new)
        if request_key is not None and (known := self._by_request(request_key)) is not None:
            if (known.key_id, known.amount_nano) != (new.key_id, new.amount_nano):
                raise HoldKeyReused
            return known
        account = books.account(new.workspace_id)
        balance, overdraft, seq = account.balance, account.overdraft, account.seq
        books.write()
        self._release_over([new.workspace_id], now)
        held = held_in(self._repository.connection, [new.workspace_id], now).get(new.workspace_id, 0)
        available = balance - held + overdraft
        if available < new.amount_nano:
            raise NotCovered
        return self._repository.add_hold(
            Hold(
                public_id=new_id(),
                workspace_id=new.workspace_id,
                key_id=new.key_id,
                gateway_id=new.gateway_id,
                state=HoldState.ACTIVE,
                amount_nano=new.amount_nano,
                available_before_nano=available,
                held_before_nano=held,
                overdraft_nano=overdraft,
                ledger_seq=seq,
                created_at=now,
                expires_at=now + new.ttl_seconds * SECOND,
                ended_at=0,
                settlement_id=0,
                request_key=request_key,
            )
        )

    def get(self, public_id: bytes, *, gateway_id: int) -> Hold:
        """Return a hold that a gateway made; raises HoldNotFound."""
        hold = self._repository.hold(public_id)
        if hold is None or hold.gateway_id != gateway_id:
            raise HoldNotFound
        return hold

    def release(self, public_id: bytes, *, gateway_id: int) -> Hold:
        """Give back what was set aside; a second time changes nothing. Raises HoldNotFound, HoldIsOver."""
        hold, now = self.get(public_id, gateway_id=gateway_id), self._uow.clock.now_ms()
        books = Books(self._repository.connection, now)
        books.open([hold.workspace_id])
        books.write()
        self._repository.session.refresh(hold)
        if hold.state == HoldState.CAPTURED:
            raise HoldIsOver
        if hold.state == HoldState.ACTIVE:
            hold.state = HoldState.EXPIRED if hold.expires_at <= now else HoldState.RELEASED
            hold.ended_at = now
            self._repository.session.flush()
        return hold

    def held(self, workspace_id: int) -> int:
        """Return what is set aside at present."""
        return held_in(self._repository.connection, [workspace_id], self._uow.clock.now_ms()).get(workspace_id, 0)

    def expire_due(self) -> int:
        """End the holds that have run out; returns of how many workspaces. Asks again while many wait."""
        now = self._uow.clock.now_ms()
        due = self._repository.workspaces_with_due_holds(now, EXPIRE_CHUNK)
        books = Books(self._repository.connection, now)
        books.open(due)
        books.write()
        self._release_over(due, now)
        if len(due) == EXPIRE_CHUNK:
            self._uow.enqueue(ExpireHolds())
        return len(due)

    def _by_request(self, request_key: bytes) -> Hold | None:
        return self._repository.session.scalar(select(Hold).where(Hold.request_key == request_key))

    def _release_over(self, workspace_ids: Collection[int], now: int) -> None:
        for part in chunks(sorted(workspace_ids), IN_LIST):
            self._repository.session.execute(
                update(Hold)
                .where(Hold.workspace_id.in_(part), Hold.state == HoldState.ACTIVE, Hold.expires_at <= now)
                .values(state=HoldState.EXPIRED, ended_at=now)
                .execution_options(synchronize_session=False)
            )


def held_in(connection: Connection, workspace_ids: Collection[int], now: int) -> dict[int, int]:
    """Return what is set aside in each of these workspaces; those without are absent."""
    statement = (
        select(Hold.workspace_id, func.sum(Hold.amount_nano))
        .where(Hold.workspace_id.in_(workspace_ids), Hold.state == HoldState.ACTIVE, Hold.expires_at > now)
        .group_by(Hold.workspace_id)
    )
    return {number: int(amount) for number, amount in connection.execute(statement)}


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold that an event may capture."""

    id: int
    workspace_id: int
    expires_at: int


def find_open(connection: Connection, public_ids: Iterable[bytes]) -> dict[bytes, OpenHold]:
    """Return which of these holds are still active; their balances are locked already."""
    wanted = sorted(set(public_ids))
    if not wanted:
        return {}
    text = (
        "SELECT public_id, id, workspace_id, expires_at FROM holds"
        f" WHERE public_id IN ({{}}) AND state = {HoldState.ACTIVE:d}"
    )
    return {bytes(row[0]): OpenHold(*row[1:]) for row in select_in(connection, text, wanted)}


def capture(connection: Connection, hold_ids: Collection[int], settlement_id: int, now: int) -> None:
    """Note that events have captured these holds: what was set aside is free, what they cost is charged."""
    for part in chunks(sorted(hold_ids), IN_LIST):
        connection.exec_driver_sql(
            f"UPDATE holds SET state = {HoldState.CAPTURED:d}, ended_at = {now:d}, settlement_id = {settlement_id:d}"
            f" WHERE id IN ({ints(part)})"
        )


def _check(new: NewHold) -> None:
    if not 0 < new.amount_nano <= MAX_EVENT_NANO:
        raise invalid("/credits", "credits.out_of_range", "Hold more than 0 and at most 1000000 credits.")
    if not 1 <= new.ttl_seconds <= MAX_TTL_SECONDS:
        raise invalid("/ttl_seconds", "ttl.out_of_range", f"A hold lives 1 to {MAX_TTL_SECONDS} seconds.")


def _request_key(new: NewHold) -> bytes | None:
    if not new.idempotency_key:
        return None
    return sha256(f"{new.gateway_id}\0{new.idempotency_key}".encode()).digest()
