"""Reports: audit the books."""

from ccmanage.bootstrap import Runtime
from ccmanage.core.logging import get_logger
from ccmanage.reports.books.audit import audit_books as prove
from ccmanage.reports.tasks import AuditBooks
from workers.registry import handles

log = get_logger(__name__)


@handles(AuditBooks)
def audit_books(runtime: Runtime, _task: AuditBooks) -> None:
    """Audit what came since the last run, keep the result, and say loudly if something is broken."""
    report = prove(runtime.database, runtime.clock, full=False)
    runtime.run(lambda scope: scope.books.store(report))
    if not report.is_clean:
        log.error("books_broken", invariants=dict(report.broken), first=str(report.findings[0]))
