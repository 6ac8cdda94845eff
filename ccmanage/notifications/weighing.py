"""What a balance's move means for thresholds: in the transaction that moves it, under the balance's lock.

Whoever writes the books compares one number per workspace, and comes here with those whose number was reached,
or to which credits came: one query for all of them, whatever their number.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from ccmanage.core.ids import new_id
from ccmanage.core.sql import BulkInsert, chunks, ints, select_in
from ccmanage.notifications.rules import RUN_OUT, Mark, next_threshold, weigh

_ALERTS = BulkInsert(
    "alerts",
    (
        "public_id",
        "workspace_id",
        "threshold_id",
        "period",
        "user_id",
        "kind",
        "value",
        "found_nano",
        "runs_out_at",
        "at",
        "state",
    ),
    "biiiiiiiiii",
)
_READ = (
    "SELECT id, kind, value, amount_nano, armed, period, workspace_id, user_id FROM alert_thresholds"
    f" WHERE workspace_id IN ({{}}) AND kind <= {RUN_OUT:d}"
)
_CASES = 300


class Weighed(NamedTuple):
    """A balance after its move; `base` is the subscription grant if it has changed (0: there is none any more)."""

    workspace_id: int
    balance: int
    base: int | None
    rose: bool


def weigh_balances(connection: Connection, moved: Sequence[Weighed], now: int) -> Mapping[int, int]:
    """Write the alerts of what was crossed; returns for each workspace which amount it has to reach next."""
    marks: dict[int, list[Mark]] = defaultdict(list)
    whose: dict[int, int] = {}
    for number, kind, value, amount, armed, period, workspace_id, user_id in select_in(
        connection, _READ, sorted(one.workspace_id for one in moved)
    ):
        marks[workspace_id].append(Mark(number, kind, value, amount, bool(armed), period))
        whose[number] = user_id
    changed: list[Mark] = []
    alerts: list[tuple[int | bytes, ...]] = []
    fired: set[int] = set()
    for one in moved:
        mine = marks[one.workspace_id]
        before = [(mark.amount, mark.armed) for mark in mine]
        for mark in weigh(mine, one.balance, base=one.base, rose=one.rose):
            fired.add(mark.id)
            facts = (whose[mark.id], mark.kind, mark.value, one.balance, 0, now, 0)
            alerts.append((new_id(), one.workspace_id, mark.id, mark.period, *facts))
        changed += [mark for mark, was in zip(mine, before, strict=True) if (mark.amount, mark.armed) != was]
    _ALERTS.run(connection, alerts)
    _save(connection, changed, fired, now)
    return {one.workspace_id: next_threshold(marks[one.workspace_id]) for one in moved}


def set_thresholds(connection: Connection, wanted: Mapping[int, int]) -> None:
    """Write onto balances, which the caller has locked, what they have to reach next."""
    for part in chunks(sorted(wanted.items()), _CASES):
        cases = " ".join(f"WHEN {number:d} THEN {amount:d}" for number, amount in part)
        connection.exec_driver_sql(
            f"UPDATE balances SET threshold_nano = CASE workspace_id {cases} END"
            f" WHERE workspace_id IN ({ints(number for number, _amount in part)})"
        )


def _save(connection: Connection, changed: Sequence[Mark], fired: set[int], now: int) -> None:
    for part in chunks(sorted(changed, key=lambda mark: mark.id), _CASES):
        amounts = " ".join(f"WHEN {mark.id:d} THEN {mark.amount:d}" for mark in part)
        armed = " ".join(f"WHEN {mark.id:d} THEN {mark.armed:d}" for mark in part)
        periods = " ".join(f"WHEN {mark.id:d} THEN {mark.period:d}" for mark in part)
        crossed = ints(fired.intersection(mark.id for mark in part)) or "0"
        when = f"CASE WHEN id IN ({crossed}) THEN {now:d} ELSE fired_at END"
        connection.exec_driver_sql(
            f"UPDATE alert_thresholds SET amount_nano = CASE id {amounts} END, armed = CASE id {armed} END,"
            f" period = CASE id {periods} END, fired_at = {when} WHERE id IN ({ints(mark.id for mark in part)})"
        )
