"""Take away what is too old: single calls by whole settlements, outcomes of posts, bodies in the quarantine.

The books stay provable. Of a settlement that the audit has proven and whose calls go, what it charged each workspace
is kept in `sealed_settlements`, the identities of its events in `archived_event_keys`, and the sums in which they
were counted stand on their own from then on (`rollups.sealed`).
"""

from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from ccmanage.core.retaining import Taken
from ccmanage.core.sql import IN_LIST, chunks, ints
from ccmanage.usage.models import SLOT_MS
from ccmanage.usage.settlement import wait_for_lane
from ccmanage.usage.writing import seal_rollups

# A settlement is taken away as a whole. Settling waits while a step works, so a step is not long.
_EVENTS: Final = 2_000
_BATCHES: Final = 1_000
_SETTLEMENTS: Final = 200
_BODIES: Final = 500

_ARCHIVE = (
    "INSERT INTO archived_event_keys (gateway_id, event_id, payload_hash)"
    " SELECT gateway_id, event_id, payload_hash FROM events WHERE settlement_id IN ({})"
)
_SEAL = (
    "INSERT INTO sealed_settlements (settlement_id, workspace_id, events, credits_nano)"
    " SELECT settlement_id, workspace_id, COUNT(*), SUM(credits_nano) FROM events"
    " WHERE settlement_id IN ({}) GROUP BY settlement_id, workspace_id"
)
_SUMMED = (
    f"SELECT DISTINCT workspace_id, event_at - event_at % {SLOT_MS:d}, key_id, user_id, model_id, project_id"
    " FROM events WHERE settlement_id IN ({})"
)


class UsageRetention:
    """Steps of retention over usage. Each is one short transaction and goes on after a mark: a settlement's number."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def _connection(self) -> Connection:
        return self._session.connection()

    def take_events(self, before: int, mark: int, proven: int) -> Taken:
        """Take away the calls of some settlements from before an instant, none above what the audit has proven.

        Calls that still wait for a price belong to no settlement yet: they stay.
        """
        wait_for_lane(self._connection)
        numbers, more = self._next(before, mark, proven, "events", _EVENTS)
        if not numbers:
            return Taken(0, mark, more=False)
        listed = ints(numbers)
        self._connection.exec_driver_sql(_ARCHIVE.format(listed))
        self._connection.exec_driver_sql(_SEAL.format(listed))
        # nosemgrep: sql-text-is-constant - numbers of our own
        summed = self._connection.execute(text(_SUMMED.format(listed))).all()
        seal_rollups(self._connection, [(row[0], row[1] // SLOT_MS, *row[2:]) for row in summed])
        gone = self._connection.exec_driver_sql(f"DELETE FROM events WHERE settlement_id IN ({listed})").rowcount
        return Taken(gone, numbers[-1], more)

    def forget_outcomes(self, before: int, mark: int, proven: int) -> Taken:
        """Forget what became of each item of posts settled before an instant, and their ids; the counts stay."""
        numbers, more = self._next(before, mark, proven, "batches", _BATCHES)
        if not numbers:
            return Taken(0, mark, more=False)
        query = f"SELECT batch_id FROM batch_outcomes WHERE settlement_id IN ({ints(numbers)}) ORDER BY batch_id"
        batches = [int(row[0]) for row in self._connection.exec_driver_sql(query)]
        for part in chunks(batches, IN_LIST):
            listed = ints(part)
            self._connection.exec_driver_sql(
                f"UPDATE batch_outcomes SET outcomes = NULL, codes = NULL WHERE batch_id IN ({listed})"
            )
            self._connection.exec_driver_sql(f"UPDATE inbox_batches SET ids = NULL WHERE id IN ({listed})")
        return Taken(len(batches), numbers[-1], more)

    def forget_bodies(self, before: int, mark: int) -> Taken:
        """Forget what quarantined events said that were last seen before an instant; that they came stays on record.

        The mark is an instant here. What is posted again later is kept anew, and is after the mark.
        """
        rows = self._connection.exec_driver_sql(
            "SELECT id, last_seen_at FROM quarantine"
            f" WHERE last_seen_at >= {mark:d} AND last_seen_at < {before:d} AND body IS NOT NULL"
            f" ORDER BY last_seen_at LIMIT {_BODIES:d}"
        ).all()
        if not rows:
            return Taken(0, mark, more=False)
        listed = ints(row[0] for row in rows)
        self._connection.exec_driver_sql(
            f"UPDATE quarantine SET body = NULL, detail = x'' WHERE id IN ({listed}) AND last_seen_at < {before:d}"
        )
        return Taken(len(rows), int(rows[-1][1]), more=len(rows) == _BODIES)

    def _next(self, before: int, mark: int, proven: int, size: str, most: int) -> tuple[list[int], bool]:
        """Return the next settlements, at least one and about so many rows, and whether there may be more."""
        rows = self._connection.exec_driver_sql(
            f"SELECT id, at, {size} FROM settlements WHERE id > {mark:d} AND id <= {proven:d}"
            f" ORDER BY id LIMIT {_SETTLEMENTS:d}"
        ).all()
        numbers: list[int] = []
        whole = 0
        for number, at, rows_of_it in rows:
            if at >= before:
                return numbers, False
            if numbers and whole + rows_of_it > most:
                return numbers, True
            numbers.append(int(number))
            whole += rows_of_it
        return numbers, len(rows) == _SETTLEMENTS
