"""Move all subscribers of a package in the background: chunk by chunk, each with its count in one transaction.

Whoever is killed in the middle loses the chunk that was not committed and nothing else: the next look goes on where
the counts say.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from ccmanage.audit.service import Actor, AuditService
from ccmanage.core.db import is_duplicate, is_transient
from ccmanage.core.failpoints import failpoint
from ccmanage.core.ids import MOVE, PACKAGE, encode_id, new_id
from ccmanage.core.logging import get_logger
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.uow import OutcomeUnknown, UnitOfWork, with_retries
from ccmanage.packages.rules import Version
from ccmanage.packages.service import PackageService, PackageView
from ccmanage.subscriptions.bulk import MAX_AT_ONCE, BulkService, Deed, Stretch
from ccmanage.subscriptions.errors import MoveNotFound, MoveUnderWay, NobodyToMove
from ccmanage.subscriptions.models import MoveState, SubscriberMove, Timing
from ccmanage.subscriptions.moves import MoveRepository
from ccmanage.subscriptions.tasks import MoveOn

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NewMove:
    """Whom to move where: from one version or (0) all others, to a version of the same package or of another one."""

    package: PackageView
    from_version: int
    target: Version
    timing: Timing


class MoveService:
    """Moves of subscribers. One runs for a package at a time."""

    def __init__(
        self,
        uow: UnitOfWork,
        repository: MoveRepository,
        packages: PackageService,
        bulk: BulkService,
        audit: AuditService,
    ) -> None:
        self._uow = uow
        self._repository = repository
        self._packages = packages
        self._bulk = bulk
        self._audit = audit

    def start(self, new: NewMove, reason: str) -> SubscriberMove:
        """Begin to move subscribers; a worker does it. Raises MoveUnderWay, NobodyToMove."""
        package = new.package.package
        if self._repository.running_of(package.id) is not None:
            raise MoveUnderWay
        versions = [one.id for one in new.package.versions if new.from_version in (0, one.number)]
        total, last_id = self._repository.extent([number for number in versions if number != new.target.id])
        if not total:
            raise NobodyToMove
        move = self._repository.add(
            SubscriberMove(
                public_id=new_id(),
                package_id=package.id,
                running_package_id=package.id,
                from_version=new.from_version,
                target_version_id=new.target.id,
                timing=new.timing,
                state=MoveState.RUNNING,
                after_id=0,
                last_id=last_id,
                total=total,
                moved=0,
                skipped=0,
                failed=0,
                created_by=self._audit.actor.user_id,
                created_at=self._uow.clock.now_ms(),
                ended_at=0,
            )
        )
        facts = {
            "move": encode_id(MOVE, move.public_id),
            "from_version": new.from_version or None,
            "to_version": new.target.number,
            "timing": new.timing.name.lower(),
            "total": total,
        }
        subject = ("package", encode_id(PACKAGE, package.public_id))
        self._audit.record("packages.start_move", subject, after=facts, reason=reason)
        self._uow.enqueue(MoveOn())
        return move

    def stop(self, package: PackageView, public_id: bytes) -> SubscriberMove:
        """Move nobody further; who was moved stays moved. A second time changes nothing. Raises MoveNotFound."""
        found = self._repository.by_public_id(public_id)
        if found is None or found.package_id != package.package.id:
            raise MoveNotFound
        move = self._repository.lock(found.id)
        if move is None:
            raise MoveNotFound
        if move.state == MoveState.RUNNING:
            self._end(move, MoveState.STOPPED)
            subject = ("package", encode_id(PACKAGE, package.package.public_id))
            facts = {"move": encode_id(MOVE, move.public_id), "moved": move.moved, "total": move.total}
            self._audit.record("packages.stop_move", subject, after=facts)
        return move

    def page(self, package: PackageView, ask: PageRequest) -> Page[SubscriberMove]:
        """Return the moves of a package, newest first."""
        return self._repository.page_of_package(package.package.id, ask)

    def running(self) -> list[tuple[int, int]]:
        """Return the moves that run, with who asked for each."""
        return self._repository.running()

    def go_on(self, number: int, limit: int) -> bool:
        """Move the next ones, unless somebody else is at it; tells whether there are more."""
        move = self._repository.lock_running(number)
        if move is None:
            return False
        target = self._packages.versions([move.target_version_id])[move.target_version_id]
        deed = Deed(dry_run=False, reason=f"moved with all others: {encode_id(MOVE, move.public_id)}")
        stretch = Stretch(move.after_id, limit, move.last_id)
        done = self._bulk.move(self._versions(move), target, Timing(move.timing), stretch, deed)
        skipped = sum(line.skipped is not None for line in done.lines)
        move.skipped += skipped
        move.moved += len(done.lines) - skipped
        return self._advance(move, done.go_on_after)

    def pass_over(self, number: int) -> bool:
        """Leave out the next one, whom something keeps from being moved; tells whether there are more."""
        move = self._repository.lock_running(number)
        if move is None:
            return False
        after = self._repository.next_after(self._versions(move), move)
        move.failed += after is not None
        return self._advance(move, after)

    def _versions(self, move: SubscriberMove) -> list[int]:
        versions = self._packages.versions_of(move.package_id)
        wanted = [one.id for one in versions if move.from_version in (0, one.number)]
        return [number for number in wanted if number != move.target_version_id]

    def _advance(self, move: SubscriberMove, after: int | None) -> bool:
        if after is None:
            self._end(move, MoveState.DONE)
        else:
            move.after_id = after
        self._repository.session.flush()
        return after is not None

    def _end(self, move: SubscriberMove, state: MoveState) -> None:
        move.state, move.running_package_id, move.ended_at = state, None, self._uow.clock.now_ms()


class MovingScope(Protocol):
    """What moving needs of a transaction."""

    @property
    def subscriber_moves(self) -> MoveService:
        """Moves of subscribers."""
        ...


OpenScope = Callable[[Actor | None], AbstractContextManager[MovingScope]]
_SYSTEM: Final = Actor()


class Mover:
    """The process's mover. Safe to call from any thread: one works, the others return at once."""

    def __init__(self, open_scope: OpenScope, open_read: OpenScope) -> None:
        self._open_scope = open_scope
        self._open_read = open_read
        self._busy = threading.Lock()

    def run(self, *, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Go on with what runs until it is done or one is told to stop; tells whether something is left."""
        if not self._busy.acquire(blocking=False):
            return False
        try:
            left = [self._move(number, Actor(user_id=by), should_stop) for number, by in self._running()]
            return any(left)
        finally:
            self._busy.release()

    def _running(self) -> list[tuple[int, int]]:
        def once() -> list[tuple[int, int]]:
            with self._open_read(_SYSTEM) as scope:
                return scope.subscriber_moves.running()

        return with_retries(once, repeatable=True)

    def _move(self, number: int, by: Actor, should_stop: Callable[[], bool]) -> bool:
        """Move chunk by chunk; one that fails is halved until who is to blame is alone, and passed over."""
        limit, more = MAX_AT_ONCE, True
        while more and not should_stop():
            try:
                more = self._in_transaction(by, partial(MoveService.go_on, number=number, limit=limit))
                limit = min(MAX_AT_ONCE, 2 * limit)
            except Exception as error:
                if (is_transient(error) and not is_duplicate(error)) or isinstance(error, OutcomeUnknown):
                    raise
                if limit == 1:
                    log.exception("move_failed", move=number)
                    more = self._in_transaction(by, partial(MoveService.pass_over, number=number))
                limit = max(1, limit // 2)
        return more

    def _in_transaction(self, by: Actor, work: Callable[[MoveService], bool]) -> bool:
        def once() -> bool:
            with self._open_scope(by) as scope:
                more = work(scope.subscriber_moves)
                failpoint("move.before_commit")
                return more

        return with_retries(once, repeatable=True)
