"""The metrics that say what the database holds, set when they are asked for."""

from ccmanage.bootstrap import Runtime
from ccmanage.core import metrics
from ccmanage.core.clock import SECOND
from ccmanage.core.logging import get_logger

log = get_logger(__name__)

_NEVER_AUDITED = -1


def measure(runtime: Runtime) -> None:
    """Look at the backlog and at the last audit; without a database the numbers stay as they were."""
    try:
        with runtime.read() as scope:
            backlog = scope.usage.backlog()
            books = scope.books.last()
    except Exception as error:
        log.warning("not_measured", error=type(error).__name__, text=str(error)[:200])
        return
    age = runtime.clock.now_ms() - backlog.oldest_at if backlog.batches else 0
    metrics.BACKLOG_BATCHES.set(backlog.batches)
    metrics.BACKLOG_SECONDS.set(max(0, age) / SECOND)
    metrics.BOOKS_STATE.set(int(books.is_clean) if books else _NEVER_AUDITED)
    metrics.BOOKS_CHECKED_SECONDS.set(books.at / SECOND if books else 0)
