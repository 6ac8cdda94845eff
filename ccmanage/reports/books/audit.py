"""Prove I1 to I9 and A1 on a live database, in chunks that each see one instant, in bounded memory."""

from collections.abc import Callable, Iterator
from itertools import chain
from time import monotonic

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from ccmanage.core.clock import Clock
from ccmanage.core.db import Database
from ccmanage.reports.books.batches import check_batches
from ccmanage.reports.books.guards import check_guards
from ccmanage.reports.books.holds import check_holds
from ccmanage.reports.books.installation import check_installation_at, check_whole_installation
from ccmanage.reports.books.ledger import LedgerWalk
from ccmanage.reports.books.leftovers import check_totals, check_unpriced
from ccmanage.reports.books.messages import check_messages
from ccmanage.reports.books.renewals import check_renewals
from ccmanage.reports.books.report import BooksReport, Watermark
from ccmanage.reports.books.repository import BooksRepository
from ccmanage.reports.books.rollups import check_all_rollups, check_touched_rollups
from ccmanage.reports.books.seals import check_seals
from ccmanage.reports.books.settlements import Tally, check_settlements
from ccmanage.reports.books.snapshot import Progress, Run, Stopped, snapshot

# Numbers that may have been given to rows that are still being written while later ones are committed.
_IN_FLIGHT = 10_000


def audit_books(
    database: Database,
    clock: Clock,
    *,
    full: bool,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
    heads: bool = False,
) -> BooksReport:
    """Audit the books beside whatever goes on, and return what was found. Writes nothing.

    Without `full` it goes on from where the last stored run had proven them: batches and settlements above its
    watermark, the rollups that they touched, the ledgers that moved since. `heads` lists the head of every
    chain in the report.
    """
    run = Run(database, begin(database, clock, full=full), progress=progress, should_stop=should_stop)
    return carry_out(run, with_heads=heads)


def begin(database: Database, clock: Clock, *, full: bool) -> BooksReport:
    """Return an empty report that says from where and up to where the books will be proven."""
    with Session(database.engine) as session:
        start = Watermark() if full else BooksRepository(session).watermark()
    now = clock.now_ms()
    with snapshot(database) as connection:
        return BooksReport(now, full or start == Watermark(), start, _reach(connection, now))


def carry_out(run: Run, *, with_heads: bool = False) -> BooksReport:
    """Look at everything that the run is to look at, until it is told to stop."""
    started = monotonic()
    try:
        _check(run, with_heads=with_heads)
        run.report.complete = True
    except Stopped:
        pass
    run.report.seconds = monotonic() - started
    return run.report


def _check(run: Run, *, with_heads: bool) -> None:
    check_guards(run)
    check_batches(run)
    tally = Tally()
    touched = chain(check_settlements(run, tally), check_unpriced(run))
    if run.report.is_full:
        _exhaust(touched)
        check_totals(run, tally)
        check_all_rollups(run)
        check_whole_installation(run)
    else:
        check_installation_at(run, check_touched_rollups(run, touched))
    check_renewals(run)
    check_messages(run)
    check_holds(run)
    LedgerWalk(run, with_heads=with_heads).check()
    check_seals(run)


def _exhaust(touched: Iterator[list[tuple[int, int]]]) -> None:
    for _cells in touched:
        pass


def _reach(connection: Connection, now: int) -> Watermark:
    """Return up to where everything is written by now.

    One settler at a time gives the numbers of settlements and events, so they are committed in their order.
    Batches, renewals and holds are written by many at once: a lower number may still come, hence the margin.
    """

    def number(query: str) -> int:
        return int(connection.exec_driver_sql(query).scalar() or 0)

    newest = number("SELECT MAX(id) FROM inbox_batches")
    pending = number("SELECT MIN(id) FROM inbox_batches WHERE state = 0")
    return Watermark(
        batch=max(min(pending or newest, newest) - _IN_FLIGHT, 0),
        settlement=number("SELECT MAX(id) FROM settlements"),
        event=number("SELECT MAX(id) FROM events"),
        at=now,
        renewal=max(number("SELECT MAX(id) FROM renewals") - _IN_FLIGHT, 0),
        seal=number("SELECT MAX(id) FROM audit_seals"),
        hold=max(number("SELECT MAX(id) FROM holds") - _IN_FLIGHT, 0),
    )
