"""Months of history in minutes: one day settled by the product itself, then copied into the days after it.

The books stay true: a copy's events, batches, outcomes, settlements and rollups are the first day's with other
numbers, ids and times, and its ledger is written anew with the product's rules, entry by entry, so that chains,
balances and grants go on as if each day had been settled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, UniqueConstraint

from benchmarks.installation import Installation, Servers
from benchmarks.traffic import Traffic
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import DAY, MINUTE
from ccmanage.core.db import Database
from ccmanage.core.ids import new_id
from ccmanage.core.sql import BulkInsert
from ccmanage.credits import books, rules
from ccmanage.usage.inbox import INBOX, NewBatch
from ccmanage.usage.intake import Rules, read_json
from ccmanage.usage.models import SLOT_MS, BatchKind, UsageEvent
from ccmanage.usage.records import encode_payload, join_ids

DAYS = 80
_POST = 100
_POSTS_A_COMMIT = 50
_LONGEST_SECONDS = 3_600
_LEDGER: BulkInsert = books._LEDGER
_RELAXED = {"innodb_flush_log_at_trx_commit": 0, "sync_binlog": 0}


@dataclass(slots=True)
class _First:
    """The first day's rows: ranges of numbers, and what each settlement charged whom."""

    events: tuple[int, int]
    batches: tuple[int, int]
    settlements: list[tuple[int, int]]
    charges: dict[int, dict[int, int]]


@dataclass(slots=True)
class _Account:
    """A workspace's books as they stand after the last copy."""

    balance: int
    debt: int
    spent: int
    seq: int
    last_hash: bytes
    grants: list[rules.Grant]


class History:
    """Fills an empty installation, whose clock stands `DAYS` days back, with so many events up to now."""

    def __init__(self, installation: Installation, events: int, say: Callable[[str], None]) -> None:
        self._runtime: Runtime = installation.runtime
        self._installation = installation
        self._say = say
        self._copies = min(100, max(events // 1_000, 2))
        self._a_day = events // self._copies // _POST * _POST
        # A copy's slots follow on the last one's: no two copies meet in a rollup.
        self._slots = DAYS * DAY // SLOT_MS // self._copies
        self._step = self._slots * SLOT_MS

    def write(self, servers: Servers) -> None:
        """Settle the first day, copy it, put the indexes back."""
        self._settle_first_day()
        # An index over millions of rows takes longer than any question of the product may.
        patient = Database(self._runtime.settings.database_url, pool_size=1, read_timeout=_LONGEST_SECONDS)
        with closing(patient.engine.connect()) as connection, _relaxed(servers):
            first = self._read_first(connection)
            accounts = _read_accounts(connection)
            with _without_indexes(connection, self._say):
                for copy in range(1, self._copies):
                    self._copy_rows(connection, first, copy)
                    self._copy_ledger(connection, first, accounts, copy)
                    connection.commit()
                    if copy % 10 == 0:
                        self._say(f"  {(copy + 1) * self._a_day:,} events")
            _write_accounts(connection, accounts, self._runtime.clock.now_ms() + self._copies * self._step)
            connection.commit()
            connection.exec_driver_sql("ANALYZE TABLE events, rollups, ledger, inbox_batches, batch_outcomes")
        patient.dispose()

    def _settle_first_day(self) -> None:
        until = self._runtime.clock.now_ms() // SLOT_MS * SLOT_MS
        fill_inbox(self._installation, self._a_day, seed=21, until=until, spread_ms=self._step)
        self._runtime.settler.run_pending()

    def _read_first(self, connection: Connection) -> _First:
        def bounds(table: str) -> tuple[int, int]:
            low, high = connection.exec_driver_sql(f"SELECT MIN(id), MAX(id) FROM {table}").one()
            return low, high

        charges: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for settlement, workspace, amount in connection.exec_driver_sql(
            f"SELECT ref_id, workspace_id, amount_nano FROM ledger WHERE kind = {rules.USAGE} ORDER BY workspace_id"
        ):
            charges[settlement][workspace] -= amount
        settlements = [tuple(row) for row in connection.exec_driver_sql("SELECT id, at FROM settlements ORDER BY id")]
        return _First(bounds("events"), bounds("inbox_batches"), settlements, charges)

    def _copy_rows(self, connection: Connection, first: _First, copy: int) -> None:
        step, slots = copy * self._step, copy * self._slots
        batches = copy * (first.batches[1] - first.batches[0] + 1)
        settlements = copy * self._settlement_span(first)
        numbers = [number for number, _at in first.settlements]
        day = f"BETWEEN {numbers[0]} AND {numbers[-1]}"
        copy_table(connection, "settlements", f"id {day}", id=f"id + {settlements}", at=f"at + {step}")
        copy_table(
            connection,
            "inbox_batches",
            f"id BETWEEN {first.batches[0]} AND {first.batches[1]}",
            id=f"id + {batches}",
            public_id=f"UNHEX(MD5(CONCAT({copy}, '/', id)))",
            received_at=f"received_at + {step}",
            ids="NULL",
        )
        copy_table(
            connection,
            "batch_outcomes",
            f"settlement_id {day}",
            batch_id=f"batch_id + {batches}",
            settlement_id=f"settlement_id + {settlements}",
            settled_at=f"settled_at + {step}",
        )
        copy_table(
            connection,
            "events",
            f"id BETWEEN {first.events[0]} AND {first.events[1]}",
            id=None,
            event_id=f"CONCAT('msg_01', SUBSTR(MD5(CONCAT({copy}, '/', event_id)), 1, 24))",
            event_at=f"event_at + {step}",
            received_at=f"received_at + {step}",
            settlement_id=f"settlement_id + {settlements}",
        )
        # The first day's slots are the oldest.
        for table in ("rollups", "installation_rollups"):
            low = self._first_slot(connection)
            copy_table(connection, table, f"slot BETWEEN {low} AND {low + self._slots - 1}", slot=f"slot + {slots}")

    def _first_slot(self, connection: Connection) -> int:
        return int(connection.exec_driver_sql("SELECT MIN(slot) FROM installation_rollups").scalar_one())

    def _copy_ledger(self, connection: Connection, first: _First, accounts: dict[int, _Account], copy: int) -> None:
        entries: list[tuple[int | bytes, ...]] = []
        shift = copy * self._settlement_span(first)
        for settlement, at in first.settlements:
            for workspace, cost in sorted(first.charges[settlement].items()):
                account = accounts[workspace]
                movements, debt = rules.burn(account.grants, cost, settlement + shift)
                account.debt += debt
                account.spent += cost
                for movement in movements:
                    account.seq += 1
                    account.balance += movement.amount
                    before, when = account.last_hash, at + copy * self._step
                    account.last_hash = rules.entry_hash(
                        before, workspace, account.seq, movement, account.balance, when
                    )
                    entries.append(
                        (workspace, account.seq, *movement, account.balance, when, before, account.last_hash)
                    )
        _LEDGER.run(connection, sorted(entries))

    @staticmethod
    def _settlement_span(first: _First) -> int:
        return first.settlements[-1][0] - first.settlements[0][0] + 1


def fill_inbox(installation: Installation, events: int, seed: int, until: int = 0, spread_ms: int = 2 * MINUTE) -> None:
    """Accept posts as the ingress does, without HTTP."""
    runtime = installation.runtime
    bodies = Traffic(installation.population.keys, _POST, seed=seed, until=until, spread_ms=spread_ms).bodies()
    check = Rules(runtime.clock.now_ms(), runtime.settings.event_horizon_days, runtime.digester.digest)
    rows = (_batch(body, check).row() for body in islice(bodies, events // _POST))
    while group := list(islice(rows, _POSTS_A_COMMIT)):
        with runtime.scope() as scope:
            INBOX.run(scope.session.connection(), group)


def copy_table(connection: Connection, table: str, where: str, **changed: str | None) -> None:
    """Copy rows within a table with some columns changed; None leaves a column to the server."""
    columns = [row[0] for row in connection.exec_driver_sql(f"SHOW COLUMNS FROM {table}")]
    kept = [name for name in columns if changed.get(name, "") is not None]
    given = [changed.get(name) or name for name in kept]
    connection.exec_driver_sql(
        f"INSERT INTO {table} ({','.join(kept)}) SELECT {','.join(given)} FROM {table} WHERE {where}"
    )


def _batch(body: bytes, check: Rules) -> NewBatch:
    post = read_json(body, check)
    assert not post.rejections
    payload, ids = encode_payload(post.records), join_ids(post.ids)
    return NewBatch(new_id(), 1, BatchKind.POST, post.received, 0, check.now, payload, b"", ids)


def _read_accounts(connection: Connection) -> dict[int, _Account]:
    accounts = {
        row[0]: _Account(row[1], row[2], row[3], row[4], bytes(row[5]), [])
        for row in connection.exec_driver_sql(
            "SELECT workspace_id, balance_nano, debt_nano, spent_nano, seq, last_hash FROM balances"
        )
    }
    for workspace, *values in connection.exec_driver_sql(
        "SELECT workspace_id, id, priority, amount_nano, remaining_nano, state, effective_at, expires_at FROM grants"
    ):
        accounts[workspace].grants.append(rules.Grant(*values))
    return accounts


def _write_accounts(connection: Connection, accounts: dict[int, _Account], at: int) -> None:
    for workspace, account in accounts.items():
        connection.exec_driver_sql(
            f"UPDATE balances SET balance_nano = {account.balance}, debt_nano = {account.debt},"
            f" spent_nano = {account.spent}, seq = {account.seq}, last_hash = x'{account.last_hash.hex()}',"
            f" updated_at = {at} WHERE workspace_id = {workspace}"
        )
        for grant in account.grants:
            connection.exec_driver_sql(
                f"UPDATE grants SET remaining_nano = {grant.remaining}, state = {grant.state} WHERE id = {grant.id}"
            )


@contextmanager
def _relaxed(servers: Servers) -> Iterator[None]:
    """Let the server flush less while rows are made that nobody would miss."""
    with servers.mariadb.admin() as admin, admin.cursor() as cursor:
        for name, value in _RELAXED.items():
            cursor.execute(f"SET GLOBAL {name} = {value}")
        try:
            yield
        finally:
            for name in _RELAXED:
                cursor.execute(f"SET GLOBAL {name} = 1")


@contextmanager
def _without_indexes(connection: Connection, say: Callable[[str], None]) -> Iterator[None]:
    """Fill the events without their indexes, which are sorted in one go afterwards."""
    table = UsageEvent.__table__
    unique = [one for one in table.constraints if isinstance(one, UniqueConstraint)]  # type: ignore[attr-defined]
    keys = {str(one.name): ("UNIQUE KEY", one.columns) for one in unique}
    keys |= {str(one.name): ("KEY", one.columns) for one in table.indexes}  # type: ignore[attr-defined]
    connection.exec_driver_sql("ALTER TABLE events " + ", ".join(f"DROP KEY {name}" for name in keys))
    try:
        yield
    finally:
        say("  sorting the indexes of the events")
        added = (
            f"ADD {kind} {name} ({','.join(one.name for one in columns)})" for name, (kind, columns) in keys.items()
        )
        connection.exec_driver_sql("ALTER TABLE events " + ", ".join(added))
