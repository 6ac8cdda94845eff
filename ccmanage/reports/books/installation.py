"""I6 for the whole installation: its rollups are the sums of the workspaces', by slot and model.

The workspaces' rollups have no index by slot. A window of slots is read by seeking to it in every workspace, so
that each row is read once and both sides stand in one short snapshot.
"""

from collections.abc import Iterator
from functools import partial

from sqlalchemy import Connection, text

from ccmanage.core.sql import IN_LIST, chunks, ints
from ccmanage.reports.books.report import Finding
from ccmanage.reports.books.rollups import compare, difference, expected_side, found_side
from ccmanage.reports.books.snapshot import Run

_END = 1 << 40
_DAY = 96
_KEY = ("slot", "model_id")
# Windows may join over so many untouched slots: looking at them is cheaper than another window.
_NEAR = 8


def check_whole_installation(run: Run) -> None:
    """Look at all slots; first and last window are open, so that rollups outside of what is known are found."""
    pace = run.pace(_DAY, 100 * _DAY)
    bounds = "SELECT COALESCE(MIN(slot), 0), COALESCE(MAX(slot), 0) FROM installation_rollups"
    first, last = run.read(lambda connection: connection.exec_driver_sql(bounds).one())
    accounts = _Accounts()
    after, upto = -1, int(first)
    while after < _END:
        run.report.add(run.read(partial(_look, accounts=accounts, after=after, upto=upto), pace))
        run.tell("installation", upto - first, last - first)
        after, upto = upto, (upto + pace.size if upto < last else _END)


def check_installation_at(run: Run, slots: set[int]) -> None:
    """Look at these slots only."""
    accounts = _Accounts()
    for after, upto in _windows(sorted(slots)):
        run.report.add(run.read(partial(_look, accounts=accounts, after=after, upto=upto)))
    run.tell("installation", 1, 1)


def _windows(slots: list[int]) -> Iterator[tuple[int, int]]:
    """Join slots that lie close together into windows of a few days at most."""
    if not slots:
        return
    first = last = slots[0]
    for slot in slots[1:]:
        if slot - last > _NEAR or slot - first >= 4 * _DAY:
            yield first - 1, last
            first = slot
        last = slot
    yield first - 1, last


class _Accounts:
    """The workspaces' numbers as IN lists, read again when there are more of them."""

    def __init__(self) -> None:
        self._state: tuple[int, int] = (-1, -1)
        self._lists: list[str] = []

    def lists(self, connection: Connection) -> list[str]:
        """Return the numbers of all workspaces of this snapshot."""
        state = connection.exec_driver_sql("SELECT COUNT(*), COALESCE(MAX(workspace_id), 0) FROM balances").one()
        if tuple(state) != self._state:
            rows = connection.exec_driver_sql("SELECT workspace_id FROM balances ORDER BY workspace_id")
            self._lists = [ints(part) for part in chunks((row[0] for row in rows), IN_LIST)]
            self._state = (state[0], state[1])
        return self._lists


def _look(connection: Connection, accounts: _Accounts, after: int, upto: int) -> list[Finding]:
    window = f"slot > {after:d} AND slot <= {upto:d}"
    workspaces = " UNION ALL ".join(
        f"SELECT slot, model_id, {expected_side(summed=True)} FROM rollups"
        f" WHERE workspace_id IN ({listed}) AND {window} GROUP BY slot, model_id"
        for listed in accounts.lists(connection)
    )
    installation = f"SELECT slot, model_id, {found_side()} FROM installation_rollups WHERE {window}"
    if not workspaces:
        workspaces = installation + " AND 1 = 0"
    return [
        difference("installation_rollup", {"slot": int(row[0]), "model": int(row[1])}, row[2:])
        for row in connection.execute(text(compare(workspaces, installation, _KEY)))
    ]
