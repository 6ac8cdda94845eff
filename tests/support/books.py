"""The audit of the books, for the end of any test: `assert_books_clean(world.runtime.database, world.clock)`."""

from __future__ import annotations

from ccmanage.core.clock import Clock
from ccmanage.core.db import Database
from ccmanage.reports.books.audit import audit_books, begin, carry_out
from ccmanage.reports.books.report import BooksReport
from ccmanage.reports.books.snapshot import Run


def assert_books_clean(database: Database, clock: Clock) -> BooksReport:
    """Audit all books, and fail with what is broken."""
    report = audit_books(database, clock, full=True)
    assert report.is_clean, "\n".join(["the books are broken:", *report.lines()])
    assert report.complete
    return report


def audit_in_chunks(database: Database, clock: Clock, largest: int, *, full: bool = True) -> BooksReport:
    """Audit in chunks of at most so many rows, so that little data has many borders between chunks."""
    return carry_out(Run(database, begin(database, clock, full=full), largest=largest))
