"""Retention: take away what is older than the settings allow, a small step at a time, each its own transaction.

A step begins at the mark that the step before it left, in the same transaction: a crash repeats nothing and skips
nothing. Two workers at once wait for each other at the mark's row.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ccmanage.core import metrics
from ccmanage.core.clock import DAY, Clock
from ccmanage.core.logging import get_logger
from ccmanage.core.retaining import Taken
from ccmanage.core.uow import with_retries
from ccmanage.privacy.models import RetentionMark
from ccmanage.privacy.repository import RetentionRepository
from ccmanage.settings.kinds import Setting

log = get_logger(__name__)

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Rule(Generic[S]):
    """One kind of data: how many days a setting keeps it, and the step that takes some of it away.

    The step is given a transaction, the instant before which things go, and the mark.
    """

    name: str
    days: Setting[int]
    step: Callable[[S, int, int], Taken]


class Retainer(Generic[S]):
    """Applies all rules in turn, so that a long one does not keep the others waiting."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[S]],
        rules: Sequence[Rule[S]],
        clock: Clock,
        days_of: Callable[[S, Setting[int]], int],
        marks_of: Callable[[S], RetentionRepository],
    ) -> None:
        self._write = write
        self._rules = rules
        self._clock = clock
        self._days_of = days_of
        self._marks_of = marks_of

    def run(self, *, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Take away what is due until nothing is left or it is told to stop; tells whether there may be more."""
        left = list(self._rules)
        removed = dict.fromkeys((rule.name for rule in left), 0)
        while left:
            for rule in tuple(left):
                if should_stop():
                    _tell(removed)
                    return True
                if not self._step(rule, removed):
                    left.remove(rule)
        _tell(removed)
        return False

    def _step(self, rule: Rule[S], removed: dict[str, int]) -> bool:
        """Do one step of a rule; tells whether there may be more. One that fails must not stop the others."""
        try:
            taken = with_retries(lambda: self._take(rule), repeatable=True)
        except Exception:
            log.exception("retention_failed", kind=rule.name)
            metrics.RETENTION_FAILED.labels(rule.name).inc()
            return False
        removed[rule.name] += taken.rows
        metrics.RETENTION_REMOVED.labels(rule.name).inc(taken.rows)
        return taken.more

    def _take(self, rule: Rule[S]) -> Taken:
        with self._write() as scope:
            now = self._clock.now_ms()
            mark = self._marks_of(scope).mark(rule.name, now)
            taken = rule.step(scope, now - self._days_of(scope, rule.days) * DAY, mark.reached)
            if taken.rows or taken.reached != mark.reached:
                _move(mark, taken, now)
            return taken


def _move(mark: RetentionMark, taken: Taken, now: int) -> None:
    mark.reached, mark.updated_at = taken.reached, now
    mark.removed += taken.rows


def _tell(removed: dict[str, int]) -> None:
    """Log what went, by kind."""
    gone: dict[str, Any] = {name: rows for name, rows in removed.items() if rows}
    if gone:
        log.info("retention_applied", **gone)
