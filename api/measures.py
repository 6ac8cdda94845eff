"""The metrics that say what the database holds, set when they are asked for."""

from ccmanage.bootstrap import Runtime
from ccmanage.core import metrics
from ccmanage.core.clock import SECOND
from ccmanage.core.logging import get_logger

log = get_logger(__name__)

_NEVER_AUDITED = -1


def measure(runtime: Runtime) -> None:
    """Look at the backlog, at the last audit and at the mails; without a database the numbers stay as they were."""
    try:
        with runtime.read() as scope:
            backlog = scope.usage.backlog()
            books = scope.books.last()
            mails = scope.outgoing.figures()
    except Exception as error:
        log.warning("not_measured", error=type(error).__name__, text=str(error)[:200])
        return
    age = runtime.clock.now_ms() - backlog.oldest_at if backlog.batches else 0
    metrics.BACKLOG_BATCHES.set(backlog.batches)
    metrics.BACKLOG_SECONDS.set(max(0, age) / SECOND)
    metrics.BOOKS_STATE.set(int(books.is_clean) if books else _NEVER_AUDITED)
    metrics.BOOKS_CHECKED_SECONDS.set(books.at / SECOND if books else 0)
    metrics.MAILS_WAITING.set(mails.waiting)
    metrics.MAILS_WAITING_SECONDS.set(mails.oldest_ms / SECOND)
    metrics.MAILS_DONE.labels("sent").set(mails.sent)
    metrics.MAILS_DONE.labels("failed").set(mails.failed)
