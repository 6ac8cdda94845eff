"""Renew whatever is due, in chunks; whatever fails is bisected until it is alone, and set aside."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from ccmanage.core.db import is_duplicate, is_transient
from ccmanage.core.failpoints import failpoint
from ccmanage.core.logging import get_logger
from ccmanage.core.uow import OutcomeUnknown, with_retries
from ccmanage.subscriptions.service import SubscriptionService

log = get_logger(__name__)

CHUNK: Final = 500
# Several workers look at the same list: each takes a part of it at random, so that they rarely meet.
_PARTS: Final = 10
# A workspace that is busy is tried again in the same run, but not for ever.
_MAX_TRIES: Final = 3


class RenewingScope(Protocol):
    """What a renewal needs of a transaction."""

    @property
    def subscriptions(self) -> SubscriptionService:
        """Subscriptions."""
        ...


OpenScope = Callable[[], AbstractContextManager[RenewingScope]]


class Renewer:
    """The process's renewer. Safe to call from any thread: one works, the others return at once."""

    def __init__(self, open_scope: OpenScope, open_read: OpenScope) -> None:
        self._open_scope = open_scope
        self._open_read = open_read
        self._busy = threading.Lock()

    def run(self, *, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Renew until nothing is due or one is told to stop; tells whether something may still be due."""
        if not self._busy.acquire(blocking=False):
            return False
        try:
            tries: Counter[int] = Counter()
            while not should_stop():
                part = self._part(tries)
                if not part:
                    return False
                tries.update(part)
                self._renew(part)
            return True
        finally:
            self._busy.release()

    def _part(self, tries: Counter[int]) -> Sequence[int]:
        """Return workspaces to be renewed next: somewhere, else in front, else behind those that are busy."""
        places = ((random.randrange(_PARTS) * CHUNK, CHUNK), (0, CHUNK), (0, _PARTS * CHUNK))  # noqa: S311
        for offset, limit in places:
            fresh = [number for number in self._due(offset, limit) if tries[number] < _MAX_TRIES]
            if fresh:
                return fresh[:CHUNK]
        return ()

    def _due(self, offset: int, limit: int) -> list[int]:
        def once() -> list[int]:
            with self._open_read() as scope:
                return scope.subscriptions.workspaces_due(limit, offset)

        return with_retries(once, repeatable=True)

    def _renew(self, workspaces: Sequence[int]) -> None:
        def once() -> None:
            with self._open_scope() as scope:
                scope.subscriptions.renew(workspaces)
                failpoint("renew.before_commit")

        try:
            with_retries(once, repeatable=True)
        except Exception as error:
            if (is_transient(error) and not is_duplicate(error)) or isinstance(error, OutcomeUnknown):
                raise
            if len(workspaces) == 1:
                self._set_aside(workspaces[0], error)
                return
            middle = len(workspaces) // 2
            self._renew(workspaces[:middle])
            self._renew(workspaces[middle:])

    def _set_aside(self, workspace: int, error: Exception) -> None:
        log.error("renewal_failed", workspace_id=workspace, exc_info=error)

        def once() -> None:
            with self._open_scope() as scope:
                scope.subscriptions.set_aside(workspace, f"{type(error).__name__}: {error}")

        with_retries(once, repeatable=True)
