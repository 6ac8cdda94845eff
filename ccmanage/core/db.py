"""The database: tables' base and types, engines for MySQL/MariaDB and SQLite, which errors pass.

MySQL and MariaDB run READ COMMITTED with strict modes and time-outs on every side. SQLite runs in WAL with
`synchronous=FULL`; a write transaction starts with BEGIN IMMEDIATE behind a fair lock, because a deferred
read-then-write fails at once whatever the busy time-out.
"""

import threading
from collections import deque
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, String, create_engine, event
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeEngine

from ccmanage.core.personal import Declaration

TABLE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}

_SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
# lock wait, deadlock, record changed, lock nowait; the server goes away, is read-only, full of connections
_RETRYABLE = {
    1205,
    1213,
    1020,
    3572,
    1053,
    1290,
    1836,
    1792,
    3100,
    1040,
    1927,
    2003,
    2006,
    2013,
    2014,
    2055,
    4031,
}
# Errors after which the connection is of no use, although SQLAlchemy does not know it.
_LOST = {1053, 1290, 1836, 1792, 3100}
DUPLICATE_KEY = 1062


class Base(DeclarativeBase):
    """What every table stands on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    __table_args__: Any = TABLE
    # What the table holds of people; see ccmanage/core/personal.py. A test fails for a table that does not say.
    __personal__: ClassVar[Declaration | None] = None


# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
BigId = BigInteger().with_variant(Integer(), "sqlite")
Digest = LargeBinary(32).with_variant(mysql.BINARY(32), "mysql")
PublicId = LargeBinary(16).with_variant(mysql.BINARY(16), "mysql")
Blob = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
Tiny = Integer().with_variant(mysql.TINYINT(unsigned=True), "mysql")
Count = Integer().with_variant(mysql.INTEGER(unsigned=True), "mysql")


def bytes_type(length: int) -> TypeEngine[bytes]:
    """Return a VARBINARY: compared byte by byte, never trimmed or folded."""
    return LargeBinary(length).with_variant(mysql.VARBINARY(length), "mysql")


def human_text(length: int) -> TypeEngine[str]:
    """Return text for people: searched without regard to case and accents."""
    return String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_unicode_ci"), "mysql")


class FairLock:
    """A lock that serves in the order of asking, so that no writer starves."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def acquire(self) -> None:
        """Wait for one's turn."""
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def release(self) -> None:
        """Hand the lock to the next in line."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class Database:
    """An engine and the way to open sessions on it. Made once a process, never at import."""

    def __init__(self, url: str, *, pool_size: int = 8, read_timeout: int = 15, pre_ping: bool = True) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self._gate = FairLock()
        self.engine = _sqlite(url) if self.is_sqlite else _mysql(url, pool_size, read_timeout, pre_ping)

    def begin_write(self, session: Session) -> None:
        """Start a transaction that may write."""
        if self.is_sqlite:
            self._gate.acquire()
            try:
                session.connection(execution_options={"ccmanage_write": True})
            except BaseException:
                self._gate.release()
                raise

    def end_write(self) -> None:
        """Let the next writer in."""
        if self.is_sqlite:
            self._gate.release()

    @property
    def is_mariadb(self) -> bool:
        """Tell MariaDB from MySQL (false before the first connection and on SQLite)."""
        return bool(getattr(self.engine.dialect, "is_mariadb", False))

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _mysql(url: str, pool_size: int, read_timeout: int, pre_ping: bool) -> Engine:
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2,
        pool_pre_ping=pre_ping,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": 3,
            "read_timeout": read_timeout,
            "write_timeout": read_timeout,
            "charset": "utf8mb4",
        },
    )
    event.listen(engine, "connect", _prepare_mysql)
    event.listen(engine, "handle_error", _mark_lost)
    event.listen(engine, "engine_connect", _no_returning)
    return engine


def _prepare_mysql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION sql_mode='{_SQL_MODE}', time_zone='+00:00', innodb_lock_wait_timeout=5")


def _no_returning(connection: Connection) -> None:
    # SQLAlchemy turns RETURNING on for MariaDB, even under a mysql:// address; MySQL has none.
    connection.dialect.insert_returning = False
    connection.dialect.delete_returning = False


def _mark_lost(context: ExceptionContext) -> None:
    if error_number(context.original_exception) in _LOST:
        context.is_disconnect = True


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=16,
        max_overflow=16,
        pool_timeout=10,
        connect_args={
            "check_same_thread": False,
            "timeout": 15,
            "isolation_level": None,
            "cached_statements": 256,
        },
    )

    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=15000",
            "cache_size=-65536",
            "temp_store=MEMORY",
            "mmap_size=268435456",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("ccmanage_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def error_number(error: BaseException | None) -> int:
    """Return the server's error number, 0 where there is none."""
    original = getattr(error, "orig", None) or error
    args = getattr(original, "args", ())
    return args[0] if args and isinstance(args[0], int) else 0


def is_duplicate(error: BaseException) -> bool:
    """Tell whether a unique key refused the row."""
    return error_number(error) == DUPLICATE_KEY or "UNIQUE constraint failed" in str(error)


def is_transient(error: BaseException) -> bool:
    """Tell whether running the whole unit of work again may succeed."""
    if isinstance(error, PoolTimeout | PendingRollbackError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return (
        error.connection_invalidated
        or error_number(error) in _RETRYABLE
        or "database is locked" in str(error)
        or is_duplicate(error)
    )


def is_away(error: BaseException) -> bool:
    """Tell whether the database itself is not to be reached (as opposed to busy with others)."""
    if isinstance(error, PoolTimeout):
        return True
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or error_number(error) in {1040, 1053, 1290, 1836, 2003, 2006, 2013, 2055}
    )


def is_silent(error: BaseException) -> bool:
    """Tell whether asking again at once only keeps everybody waiting: the server is off or took its whole time-out."""
    return "timed out" in str(error) or "Can't connect" in str(error)
