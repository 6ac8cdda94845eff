"""I6: the sums of events are those of the rollups, by workspace, slot, key, user, model and project."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from sqlalchemy import Connection, text

from ccmanage.reports.books.cells import BEGIN, LAST, Cell, Stretch, events_in, gather, rollups_in
from ccmanage.reports.books.report import Finding, finding
from ccmanage.reports.books.snapshot import Pace, Run
from ccmanage.usage.models import SLOT_MS

# Each column of the rollups, and what of events adds up to it.
SUMS = {
    "events": "COUNT(*)",
    "errors": "SUM(is_error)",
    "input_tokens": "SUM(input_tokens)",
    "output_tokens": "SUM(output_tokens)",
    "cache_read_tokens": "SUM(cache_read_tokens)",
    "cache_write_5m_tokens": "SUM(cache_write_5m_tokens)",
    "cache_write_1h_tokens": "SUM(cache_write_1h_tokens)",
    "web_searches": "SUM(web_searches)",
    "credits_nano": "SUM(credits_nano)",
}
_KEY = ("workspace_id", "slot", "key_id", "user_id", "model_id", "project_id")
_PLACE = ("workspace", "slot", "key", "user", "model", "project")
_MOST_CELLS = 4_000
_MOST_STRETCHES = 200
# Touched cells that are gathered before they are looked at: a busy cell is summed once, not once a settlement.
_MOST_TOUCHED = 50_000


def compare(expected: str, found: str, key: Sequence[str], having: str = "1 = 1") -> str:
    """Return SQL for the keys whose sums differ between two selections, and both sums of each column.

    The selections give the key and the columns of `expected_side` and `found_side`.
    """
    names = ", ".join(key)
    sums = ", ".join(f"SUM(a_{name}), SUM(b_{name})" for name in SUMS)
    differ = " OR ".join(f"SUM(a_{name}) <> SUM(b_{name})" for name in SUMS)
    return (
        f"SELECT {names}, {sums} FROM ({expected} UNION ALL {found}) AS sides"
        f" GROUP BY {names} HAVING {having} AND ({differ})"
    )


def expected_side(*, summed: bool) -> str:
    """Return the columns of a selection that tells what the sums must be: of rows, or of sums of theirs."""
    ours = ", ".join(f"{f'SUM({name})' if summed else what} AS a_{name}" for name, what in SUMS.items())
    return ours + ", " + ", ".join(f"0 AS b_{name}" for name in SUMS)


def found_side() -> str:
    """Return the columns of a selection that tells what the sums are."""
    return ", ".join(f"0 AS a_{name}" for name in SUMS) + ", " + ", ".join(f"{name} AS b_{name}" for name in SUMS)


def difference(check: str, where: dict[str, int], sums: Iterable[object]) -> Finding:
    """Make a finding that names only the sums that differ."""
    values = [int(str(value)) for value in sums]
    pairs = zip(SUMS, values[::2], values[1::2], strict=True)
    wrong = [(name, expected, found) for name, expected, found in pairs if expected != found]
    return finding(
        "I6",
        check,
        where,
        " ".join(f"{name}={expected}" for name, expected, _found in wrong),
        " ".join(f"{name}={found}" for name, _expected, found in wrong),
    )


def check_all_rollups(run: Run) -> None:
    """Look at all cells; the stretches leave no gap, so that events without a rollup are found too."""
    pace = run.pace(10_000, 50_000)
    last = run.read(lambda c: c.exec_driver_sql("SELECT COALESCE(MAX(workspace_id), 0) FROM rollups").scalar_one())
    after = BEGIN
    while after != LAST:
        upto = run.read(partial(_end_of_chunk, after=after, size=pace.size))
        _check(run, [Stretch(after, upto)], pace)
        after = upto
        run.tell("rollups", after.workspace, last)


def check_touched_rollups(run: Run, touched: Iterator[list[tuple[int, int]]]) -> set[int]:
    """Look at the cells that were touched since the watermark; returns their slots."""
    pace = run.pace(20_000, 50_000)
    cells: set[Cell] = set()
    slots: set[int] = set()
    for some in touched:
        cells.update(Cell(int(workspace), int(slot)) for workspace, slot in some)
        if len(cells) >= _MOST_TOUCHED:
            _check_cells(run, sorted(cells), pace)
            slots |= {cell.slot for cell in cells}
            cells.clear()
    _check_cells(run, sorted(cells), pace)
    return slots | {cell.slot for cell in cells}


def _check_cells(run: Run, cells: Sequence[Cell], pace: Pace) -> None:
    for part in gather(cells, {}, _MOST_CELLS, _MOST_STRETCHES):
        sizes = run.read(partial(_sizes_in, stretches=part))
        wanted = [cell for cell in cells if part[0].after < cell <= part[-1].upto]
        for stretches in gather(wanted, sizes, pace.size, _MOST_STRETCHES):
            _check(run, stretches, pace)
    run.tell("rollups", 1, 1)


def _check(run: Run, stretches: Sequence[Stretch], pace: Pace) -> None:
    rows, findings = run.read(partial(_look, stretches=stretches), pace)
    run.report.checked["rollups"] += rows
    run.report.add(findings)


def _look(connection: Connection, stretches: Sequence[Stretch]) -> tuple[int, list[Finding]]:
    """Look quickly whether all is well, and only where it is not, look what differs."""
    groups, wrong = connection.execute(text(_matches(stretches))).one()
    counts = f"SELECT COUNT(*), COALESCE(SUM(sealed), 0) FROM rollups WHERE {rollups_in(stretches)}"
    rows, sealed = connection.execute(text(counts)).one()
    if not wrong and groups == rows - sealed:
        return rows, []
    findings = []
    for row in connection.execute(text(_differences(stretches))):
        place = dict(zip(_PLACE, map(int, row[: len(_KEY)]), strict=True))
        findings.append(difference("rollup", place, row[len(_KEY) :]))
    return rows, findings


# The whole number of a slot, whatever a server makes of a division.
_SLOT = f"CAST((event_at - event_at % {SLOT_MS}) / {SLOT_MS} AS SIGNED) AS slot"
_EVENTS = (
    f"SELECT workspace_id, {_SLOT}, key_id, user_id, model_id, project_id, {{}} FROM events WHERE {{}} GROUP BY {{}}"
)


def _matches(stretches: Sequence[Stretch]) -> str:
    """Return SQL that counts the sums of events that have a rollup, and those that have a wrong one or none.

    Each sum seeks its rollup by the primary key: half the work of comparing both sides as a whole. A rollup
    without events shows in there being fewer sums than rollups. A sealed rollup has lost events to retention: its
    sums stand on their own.
    """
    events = _EVENTS.format(
        ", ".join(f"{what} AS a_{name}" for name, what in SUMS.items()), events_in(stretches), ", ".join(_KEY)
    )
    same = " AND ".join(f"r.{name} = e.{name}" for name in _KEY)
    differ = " OR ".join(f"r.{name} <> e.a_{name}" for name in SUMS)
    return (
        "SELECT COALESCE(SUM(CASE WHEN r.sealed = 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE"
        f" WHEN r.sealed IS NULL OR r.sealed = 0 AND ({differ}) THEN 1 ELSE 0 END), 0)"
        f" FROM ({events}) AS e LEFT JOIN rollups r ON {same}"
    )


def _differences(stretches: Sequence[Stretch]) -> str:
    events = _EVENTS.format(expected_side(summed=False) + ", 0 AS sealed", events_in(stretches), ", ".join(_KEY))
    rollups = f"SELECT {', '.join(_KEY)}, {found_side()}, sealed FROM rollups WHERE {rollups_in(stretches)}"
    return compare(events, rollups, _KEY, "SUM(sealed) = 0")


def _end_of_chunk(connection: Connection, after: Cell, size: int) -> Cell:
    """Return up to which cell there are about so many rollups, or as many events if they claim more of those."""
    rows = size
    while True:
        upto = _cell_of_row(connection, after, rows)
        query = f"SELECT COALESCE(SUM(events), 0) FROM rollups WHERE {rollups_in([Stretch(after, upto)])}"
        events = int(connection.exec_driver_sql(query).scalar_one())
        if events <= 2 * size or rows == 1:
            return upto
        rows = max(1, rows * size // events)


def _cell_of_row(connection: Connection, after: Cell, number: int) -> Cell:
    """Return the cell of the rollup that is so many after a cell.

    Asked in steps: no server finds "the next in the order of two columns" by one condition on both.
    """
    workspace, slot = after
    here = f"FROM rollups WHERE workspace_id = {workspace:d} AND slot > {slot:d}"
    found = connection.exec_driver_sql(f"SELECT slot {here} ORDER BY slot LIMIT 1 OFFSET {number - 1:d}").scalar()
    if found is not None:
        return Cell(workspace, int(found))
    number -= int(connection.exec_driver_sql(f"SELECT COUNT(*) {here}").scalar_one())
    row = connection.exec_driver_sql(
        f"SELECT workspace_id, slot FROM rollups WHERE workspace_id > {workspace:d}"
        f" ORDER BY workspace_id, slot LIMIT 1 OFFSET {number - 1:d}"
    ).first()
    return Cell(int(row[0]), int(row[1])) if row else LAST


def _sizes_in(connection: Connection, stretches: Sequence[Stretch]) -> dict[Cell, int]:
    query = (
        f"SELECT workspace_id, slot, SUM(events) FROM rollups WHERE {rollups_in(stretches)} GROUP BY workspace_id, slot"
    )
    return {Cell(row[0], row[1]): int(row[2]) for row in connection.exec_driver_sql(query)}
