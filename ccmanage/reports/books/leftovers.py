"""I1 beside the batches: what waits for a price, and what was put into quarantine."""

from collections.abc import Iterator
from functools import partial

from sqlalchemy import Connection, TextClause, text

from ccmanage.reports.books.report import Finding, finding
from ccmanage.reports.books.settlements import END, Tally
from ccmanage.reports.books.snapshot import Run
from ccmanage.usage.models import SLOT_MS

_WAITING = text(
    "SELECT u.event_number, CASE WHEN e.id IS NULL THEN 'none'"
    " WHEN e.settlement_id <> 0 OR e.price_id <> 0 OR e.credits_nano <> 0 THEN 'a charged one'"
    " ELSE 'one of another workspace or model' END"
    " FROM unpriced_events u LEFT JOIN events e ON e.id = u.event_number"
    " WHERE u.event_number > :after AND u.event_number <= :upto AND u.settlement_id = 0"
    " AND (e.id IS NULL OR e.settlement_id <> 0 OR e.price_id <> 0 OR e.credits_nano <> 0"
    " OR e.workspace_id <> u.workspace_id OR e.model_id <> u.model_id)"
)
_CELLS = text(
    f"SELECT DISTINCT workspace_id, event_at - event_at % {SLOT_MS} FROM unpriced_events"
    " WHERE event_number > :after AND event_number <= :upto"
)
_COUNTS = text(
    "SELECT (SELECT COUNT(*) FROM events WHERE settlement_id <= 0),"
    " (SELECT COUNT(*) FROM unpriced_events WHERE settlement_id = 0)"
)
_FORGOTTEN = text(
    "SELECT e.id FROM events e LEFT JOIN unpriced_events u ON u.event_number = e.id AND u.settlement_id = 0"
    " WHERE e.settlement_id <= 0 AND u.event_number IS NULL ORDER BY e.id LIMIT 1000"
)
_SINCE = text(
    "SELECT COALESCE(SUM(conflicts + quarantined), 0), COALESCE(SUM(unpriced), 0)"
    " FROM batch_outcomes WHERE settlement_id > :ceiling"
)


def check_unpriced(run: Run) -> Iterator[list[tuple[int, int]]]:
    """Hold what waits for a price against its events; yields the cells that new ones touched, as settlements do."""
    for after, upto in _ranges(run, "unpriced_events", "event_number", run.report.start.event):
        bounds = {"after": after, "upto": upto}
        findings, cells = run.read(partial(_look, bounds=bounds, with_cells=not run.report.is_full))
        run.report.add(findings)
        yield cells
    run.report.add(run.read(_forgotten))


def _look(
    connection: Connection, bounds: dict[str, int], *, with_cells: bool
) -> tuple[list[Finding], list[tuple[int, int]]]:
    findings = [
        finding("I1", "waiting", {"event": number}, "an unpriced event", found)
        for number, found in connection.execute(_WAITING, bounds)
    ]
    rows = connection.execute(_CELLS, bounds) if with_cells else ()
    return findings, [(workspace, at // SLOT_MS) for workspace, at in rows]


def _forgotten(connection: Connection) -> list[Finding]:
    """Find events without a price that nobody would charge when it comes."""
    events, rows = connection.execute(_COUNTS).one()
    if events == rows:
        return []
    return [
        finding("I1", "unpriced", {"event": number}, "a row that waits for the price", "none")
        for (number,) in connection.execute(_FORGOTTEN)
    ]


def check_totals(run: Run, tally: Tally) -> None:
    """Hold the counts of all outcomes against the rows that they speak of.

    The tables are read chunk by chunk while posts go on, and they only grow: what they hold together lies between
    what the outcomes said before the first chunk and what they say after the last.
    """
    set_aside = _sum(run, "quarantine", "id", "SUM(count)")
    unpriced = _sum(run, "unpriced_events", "event_number", "COUNT(*)")
    ceiling = {"ceiling": run.report.reached.settlement}
    since = run.read(lambda connection: connection.execute(_SINCE, ceiling).one())
    for check, found, told, later in (
        ("quarantine", set_aside, tally.set_aside, int(since[0])),
        ("unpriced_events", unpriced, tally.unpriced, int(since[1])),
    ):
        if not told <= found <= told + later:
            expected = f"{told} to {told + later}" if later else str(told)
            run.report.add([finding("I1", "total", {"table": check}, expected, found)])


def _sum(run: Run, table: str, key: str, what: str) -> int:
    # nosemgrep: sql-text-is-constant - names and numbers of our own
    query = text(f"SELECT COALESCE({what}, 0) FROM {table} WHERE {key} > :after AND {key} <= :upto")
    return sum(
        run.read(partial(_number, query=query, given={"after": after, "upto": upto}))
        for after, upto in _ranges(run, table, key, 0)
    )


def _ranges(run: Run, table: str, key: str, after: int) -> Iterator[tuple[int, int]]:
    """Cut the rows of a table above a number into ranges; the last has no upper end."""
    # nosemgrep: sql-text-is-constant - names and numbers of our own
    query = text(f"SELECT {key} FROM {table} WHERE {key} > :after ORDER BY {key} LIMIT 1 OFFSET :size")
    pace = run.pace(10_000, 50_000)
    while after < END:
        given = {"after": after, "size": pace.size - 1}
        upto = run.read(partial(_number, query=query, given=given), pace) or END
        yield after, upto
        after = upto


def _number(connection: Connection, query: TextClause, given: dict[str, int]) -> int:
    return int(connection.execute(query, given).scalar() or 0)
