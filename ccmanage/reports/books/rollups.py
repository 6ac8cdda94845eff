"""I6: the sums of events are those of the rollups, by workspace, slot, key, user, model and project."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from sqlalchemy import Connection, text

from ccmanage.reports.books.cells import BEGIN, LAST, Cell, Stretch, cut, events_in, gather, rollups_in
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
_KEY = ("workspace_id", "starts_at", "key_id", "user_id", "model_id", "project_id")
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
    pace = run.pace(20_000, 50_000)
    last = run.read(lambda c: c.exec_driver_sql("SELECT COALESCE(MAX(workspace_id), 0) FROM rollups").scalar_one())
    after = BEGIN
    while after != LAST:
        sizes = run.read(partial(_sizes_after, after=after))
        stretches = list(cut(after, sizes, pace.size))
        if len(sizes) < _MOST_CELLS:
            stretches.append(Stretch(stretches[-1].upto if stretches else after, LAST))
        elif not stretches:
            stretches.append(Stretch(after, sizes[-1][0]))
        for stretch in stretches:
            _check(run, [stretch], pace)
        after = stretches[-1].upto
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
    query = text(_query(stretches))
    count = text(f"SELECT COUNT(*) FROM rollups WHERE {rollups_in(stretches)}")

    def chunk(connection: Connection) -> tuple[int, list[Finding]]:
        findings = []
        for row in connection.execute(query):
            place = dict(zip(_PLACE, map(int, row[: len(_KEY)]), strict=True))
            place["slot"] //= SLOT_MS
            findings.append(difference("rollup", place, row[len(_KEY) :]))
        return int(connection.execute(count).scalar_one()), findings

    rows, findings = run.read(chunk, pace)
    run.report.checked["rollups"] += rows
    run.report.add(findings)


def _query(stretches: Sequence[Stretch]) -> str:
    names = ", ".join(_KEY)
    events = (
        f"SELECT workspace_id, event_at - event_at % {SLOT_MS} AS starts_at, key_id, user_id, model_id, project_id,"
        f" {expected_side(summed=False)}, 0 AS sealed FROM events WHERE {events_in(stretches)} GROUP BY {names}"
    )
    rollups = (
        f"SELECT workspace_id, slot * {SLOT_MS} AS starts_at, key_id, user_id, model_id, project_id,"
        f" {found_side()}, sealed FROM rollups WHERE {rollups_in(stretches)}"
    )
    # A sealed slot has lost events to retention: its sums stand on their own.
    return compare(events, rollups, _KEY, "SUM(sealed) = 0")


_SIZES = "SELECT workspace_id, slot, SUM(events) FROM rollups WHERE {} GROUP BY workspace_id, slot"
_ORDER = " ORDER BY workspace_id, slot LIMIT {:d}"


def _sizes_after(connection: Connection, after: Cell) -> list[tuple[Cell, int]]:
    """Return the next cells and how many events their rollups claim.

    Asked in two steps: no server takes "the next in the order of two columns" out of one index.
    """
    sizes: list[tuple[Cell, int]] = []
    for where in (
        f"workspace_id = {after.workspace:d} AND slot > {after.slot:d}",
        f"workspace_id > {after.workspace:d}",
    ):
        if len(sizes) < _MOST_CELLS:
            query = _SIZES.format(where) + _ORDER.format(_MOST_CELLS - len(sizes))
            sizes += [(Cell(row[0], row[1]), int(row[2])) for row in connection.exec_driver_sql(query)]
    return sizes


def _sizes_in(connection: Connection, stretches: Sequence[Stretch]) -> dict[Cell, int]:
    query = _SIZES.format(rollups_in(stretches))
    return {Cell(row[0], row[1]): int(row[2]) for row in connection.exec_driver_sql(query)}
