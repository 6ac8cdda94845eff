"""What `doctor` asks the database: version, settings that durability and our statements depend on, guards."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import Clock
from ccmanage.core.db import Database
from ccmanage.core.process import MAX_SKEW_MS, clock_skew_ms
from ccmanage.reports.models import BooksRun

_MIB = 1 << 20
# One post of 8 MiB is written as hexadecimal text in one statement.
_PACKET = 32 * _MIB
_BUFFER_POOL = 1024 * _MIB
_OLDEST = {"MariaDB": (10, 6), "MySQL": (8, 4)}
_GUARDS = {"tr_ledger_refuse_update", "tr_ledger_refuse_delete"}
_MODES = {"STRICT_TRANS_TABLES", "ONLY_FULL_GROUP_BY", "NO_ZERO_DATE", "ERROR_FOR_DIVISION_BY_ZERO"}


class TooOld(Exception):
    """The server's version is older than what the statements need."""


def version(database: Database) -> str:
    """Return the server and its version; raises TooOld."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            return f"SQLite {connection.execute(text('SELECT sqlite_version()')).scalar_one()}"
        told: str = connection.execute(text("SELECT VERSION()")).scalar_one()
        kind = "MariaDB" if database.is_mariadb else "MySQL"
        found = connection.dialect.server_version_info or (0,)
    if found[:2] < _OLDEST[kind]:
        raise TooOld(f"{kind} {told}; at least {'.'.join(map(str, _OLDEST[kind]))} is needed")
    return f"{kind} {told}"


def server_settings(database: Database) -> Iterator[tuple[str, str]]:
    """Return (what, what is unwise about it or "")."""
    with database.engine.connect() as connection:
        yield from _sqlite_settings(connection) if database.is_sqlite else _mysql_settings(connection)


def _sqlite_settings(connection: Connection) -> Iterator[tuple[str, str]]:
    journal = connection.execute(text("PRAGMA journal_mode")).scalar_one()
    full = connection.execute(text("PRAGMA synchronous")).scalar_one()
    durable = journal == "wal" and full == 2
    yield "durability", "" if durable else f"journal_mode is {journal}, synchronous is {full}"


def _mysql_settings(connection: Connection) -> Iterator[tuple[str, str]]:
    names = (
        "sql_mode",
        "transaction_isolation",
        "tx_isolation",
        "innodb_flush_log_at_trx_commit",
        "sync_binlog",
        "log_bin",
        "max_allowed_packet",
        "innodb_buffer_pool_size",
        "character_set_database",
    )
    listed = ", ".join(f"'{name}'" for name in names)
    # nosemgrep: sql-text-is-constant - names and numbers of our own
    rows = connection.execute(text(f"SHOW VARIABLES WHERE Variable_name IN ({listed})"))
    found = {name.lower(): value for name, value in rows}
    missing = _MODES - set(found["sql_mode"].split(","))
    yield "sql_mode", f"lacks {', '.join(sorted(missing))}" if missing else ""
    isolation = found.get("transaction_isolation") or found.get("tx_isolation")
    yield "isolation", "" if isolation == "READ-COMMITTED" else f"is {isolation}"
    flush = found["innodb_flush_log_at_trx_commit"]
    yield "commit durability", "" if flush == "1" else f"innodb_flush_log_at_trx_commit is {flush}, not 1"
    unsafe = found.get("log_bin") == "ON" and found["sync_binlog"] != "1"
    yield "binary log", f"sync_binlog is {found['sync_binlog']}, not 1: a replica may miss commits" if unsafe else ""
    packet = int(found["max_allowed_packet"])
    small = f"is {packet // _MIB} MiB, at least {_PACKET // _MIB} MiB hold the largest post"
    yield "max_allowed_packet", small if packet < _PACKET else ""
    pool = int(found["innodb_buffer_pool_size"])
    yield "buffer pool", f"is {pool // _MIB} MiB; give it 1 GiB or more" if pool < _BUFFER_POOL else ""
    charset = found["character_set_database"]
    yield "character set", "" if charset == "utf8mb4" else f"of the database is {charset}, not utf8mb4"


def clock(database: Database, ours: Clock) -> tuple[bool, str]:
    """Tell whether the clocks are together."""
    skew = clock_skew_ms(database, ours)
    return abs(skew) <= MAX_SKEW_MS, f"{skew:+d} ms off the database's"


def guards(database: Database) -> tuple[bool, str]:
    """Tell whether the database refuses to change the ledger."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if database.is_sqlite
        else "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    )
    with database.engine.connect() as connection:
        there = {row[0] for row in connection.execute(text(query))}
    missing = _GUARDS - there
    if missing:
        return False, f"missing triggers: {', '.join(sorted(missing))}; the ledger can be changed"
    return True, "the database refuses to change or delete entries"


def last_books_run(runtime: Runtime) -> BooksRun | None:
    """Return the last audit of the books."""
    with runtime.read() as scope:
        return scope.session.query(BooksRun).order_by(BooksRun.id.desc()).first()
