"""The servers that tests, benchmarks and `make stack` use: private instances, or given ones by URL.

    with MariaDbServer(tmp_path / "db") as server:
        url = server.create_database("ccmanage")     # mysql+pymysql://..., a user without SUPER

`open_mysql`, `open_redis` and `open_rabbitmq` choose between a given server (`CCMANAGE_TEST_MYSQL_URL`,
`CCMANAGE_TEST_REDIS_URL`, `CCMANAGE_TEST_RABBITMQ_URL`) and a private one, and raise `ServerMissing` when there
is neither. A private server can be killed, paused and restarted (`controllable`); a given one cannot.
"""

from __future__ import annotations

import os
import shutil
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote, unquote, urlsplit

import pymysql

from support.server_mysql import find_mariadb, find_mysql_installer, initialise
from support.server_process import ServerFailed, ServerMissing, ServerProcess, connect, find_binary, reaper
from support.server_rabbit import RabbitServer

if TYPE_CHECKING:
    Connection = pymysql.connections.Connection[pymysql.cursors.Cursor]

__all__ = [
    "GivenMySql",
    "GivenServer",
    "MariaDbServer",
    "MySqlServer",
    "RabbitServer",
    "RedisServer",
    "ServerFailed",
    "ServerMissing",
    "find_mariadb",
    "find_rabbitmq",
    "find_redis",
    "open_mysql",
    "open_rabbitmq",
    "open_redis",
]

APP_USER = "ccmanage"
APP_PASSWORD = "ccmanage-tests"
MYSQL_MISSING = "MySQL/MariaDB (apt-get install mariadb-server, or set CCMANAGE_TEST_MYSQL_URL)"
REDIS_MISSING = "Redis (apt-get install redis-server, or set CCMANAGE_TEST_REDIS_URL)"
RABBITMQ_MISSING = "RabbitMQ (apt-get install rabbitmq-server, or set CCMANAGE_TEST_RABBITMQ_URL)"


def find_redis() -> Path | None:
    """Return the Redis (or Valkey) server program, if it is installed."""
    return find_binary("redis-server", "valkey-server")


def find_rabbitmq() -> Path | None:
    """Return RabbitMQ's start script, if it is installed."""
    return RabbitServer.find()


class MySqlServer(ABC):
    """A MySQL or MariaDB server on which tests create databases of their own."""

    controllable: ClassVar[bool]

    @abstractmethod
    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database for the application's user."""

    @abstractmethod
    @contextmanager
    def admin(self) -> Iterator[Connection]:
        """Open an autocommit connection that may create databases, kill connections and set globals."""

    def create_database(self, name: str) -> str:
        """Create an empty database (dropping an old one of the name) and return its URL."""
        self.drop_database(name)
        return self.ensure_database(name)

    def ensure_database(self, name: str) -> str:
        """Create a database unless it is there and return its URL."""
        with self.admin() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            self._grant(cursor, name)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it is there."""
        with self.admin() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")

    def version(self) -> str:
        """Return what the server says of its version, for reports."""
        with self.admin() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT VERSION()")
            row = cursor.fetchone()
        assert row is not None
        return str(row[0])

    @abstractmethod
    def _grant(self, cursor: pymysql.cursors.Cursor, name: str) -> None:
        """Let the application's user work in a database."""


class MariaDbServer(ServerProcess, MySqlServer):
    """A private MariaDB (or MySQL) with durable commits. The application's user has no global privilege."""

    name = "mysql"

    def __init__(self, directory: Path, port: int | None = None, flags: tuple[str, ...] = ()) -> None:
        program, installer = find_mariadb(), find_mysql_installer()
        if program is None or installer is None:
            raise ServerMissing(MYSQL_MISSING)
        super().__init__(directory, port, flags)
        self._program, self._installer = program, installer
        self.data_dir = self.directory / "data"
        # A server that starts removes what others have put into a common folder for temporary tables.
        self.scratch_dir = self.directory / "tmp"
        # The kernel caps socket paths at 107 bytes, and temporary folders of tests are deep.
        short = len(str(self.directory)) < 90
        self.socket_path = (self.directory if short else reaper.temp_dir("ccm-")) / "s.sock"

    def url(self, database: str) -> str:
        return f"mysql+pymysql://{APP_USER}:{APP_PASSWORD}@127.0.0.1:{self.port}/{database}?charset=utf8mb4"

    @contextmanager
    def admin(self) -> Iterator[Connection]:
        connection = pymysql.connect(
            unix_socket=str(self.socket_path),
            user="root",
            autocommit=True,
            connect_timeout=5,
            read_timeout=60,
            charset="utf8mb4",
        )
        try:
            yield connection
        finally:
            connection.close()

    def _prepare(self) -> None:
        super()._prepare()
        initialise(self._installer, self.data_dir)
        self.scratch_dir.mkdir(exist_ok=True)

    def _command(self) -> list[str]:
        flags = [
            f"--datadir={self.data_dir}",
            f"--tmpdir={self.scratch_dir}",
            f"--socket={self.socket_path}",
            f"--pid-file={self.directory / 'mysql.pid'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_bin",
            "--innodb-flush-log-at-trx-commit=1",
            "--sync-binlog=1",
            "--innodb-buffer-pool-size=256M",
            "--max-allowed-packet=64M",
            "--max-connections=300",
            # The ledger's triggers are created by a user without SUPER.
            "--log-bin-trust-function-creators=1",
            *([] if self._installer.mariadb else ["--mysqlx=OFF"]),
            *(["--user=root"] if os.geteuid() == 0 else []),
        ]
        return [str(self._program), "--no-defaults", *flags, *self.flags]

    def _answers(self) -> bool:
        try:
            with self.admin() as connection, connection.cursor() as cursor:
                cursor.execute(f"CREATE USER IF NOT EXISTS '{APP_USER}'@'127.0.0.1' IDENTIFIED BY '{APP_PASSWORD}'")
        except pymysql.err.OperationalError:
            return False
        with connect(self.port):
            return True

    def _grant(self, cursor: pymysql.cursors.Cursor, name: str) -> None:
        pattern = name.replace("_", r"\_")  # an underscore is a wildcard in a grant
        cursor.execute(f"GRANT ALL PRIVILEGES ON `{pattern}`.* TO '{APP_USER}'@'127.0.0.1'")


class GivenMySql(MySqlServer):
    """A server that somebody else runs; its URL's user may create databases."""

    name = "mysql"
    controllable = False

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)

    def url(self, database: str) -> str:
        return self._parts._replace(scheme="mysql+pymysql", path=f"/{quote(database)}").geturl()

    @contextmanager
    def admin(self) -> Iterator[Connection]:
        connection = pymysql.connect(
            host=self._parts.hostname or "127.0.0.1",
            port=self._parts.port or 3306,
            user=unquote(self._parts.username or "root"),
            password=unquote(self._parts.password or ""),
            autocommit=True,
            connect_timeout=5,
            read_timeout=60,
            charset="utf8mb4",
        )
        try:
            yield connection
        finally:
            connection.close()

    def stop(self) -> None:
        """Nothing of ours runs there."""

    def _grant(self, cursor: pymysql.cursors.Cursor, name: str) -> None:
        """The URL's user made the database, so it may work in it."""


class RedisServer(ServerProcess):
    """A private Redis that writes each command to disk before it answers."""

    name = "redis"

    def __init__(self, directory: Path, port: int | None = None, flags: tuple[str, ...] = ()) -> None:
        program = find_redis()
        if program is None:
            raise ServerMissing(REDIS_MISSING)
        super().__init__(directory, port, flags)
        self._program = program

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    def wipe(self) -> None:
        """Forget everything on disk; only while it is not running."""
        shutil.rmtree(self.directory / "appendonlydir", ignore_errors=True)
        for left in (*self.directory.glob("*.aof"), *self.directory.glob("*.rdb")):
            left.unlink()

    def _command(self) -> list[str]:
        flags = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
        flags += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        return [str(self._program), *flags, *self.flags]

    def _answers(self) -> bool:
        with connect(self.port) as peer:
            peer.sendall(b"PING\r\n")
            return peer.recv(64).startswith(b"+PONG")


class GivenServer:
    """A Redis or RabbitMQ that somebody else runs."""

    controllable = False

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        parts = urlsplit(url)
        default_port = 6379 if parts.scheme.startswith("redis") else 5672
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or default_port), timeout=5):
            pass

    def stop(self) -> None:
        """Nothing of ours runs there."""


def open_mysql(directory: Path, flags: tuple[str, ...] = ()) -> MariaDbServer | GivenMySql:
    """Return a running MySQL or MariaDB: the given one, else a private one in this folder."""
    if url := os.environ.get("CCMANAGE_TEST_MYSQL_URL"):
        return GivenMySql(url)
    return MariaDbServer(directory, flags=flags).start()


def open_redis(directory: Path, flags: tuple[str, ...] = ()) -> RedisServer | GivenServer:
    """Return a running Redis: the given one, else a private one in this folder."""
    if url := os.environ.get("CCMANAGE_TEST_REDIS_URL"):
        return GivenServer("redis", url)
    return RedisServer(directory, flags=flags).start()


def open_rabbitmq(directory: Path) -> RabbitServer | GivenServer:
    """Return a running RabbitMQ: the given one, else a private one in this folder (takes some seconds)."""
    if url := os.environ.get("CCMANAGE_TEST_RABBITMQ_URL"):
        return GivenServer("rabbitmq", url)
    if find_rabbitmq() is None:
        raise ServerMissing(RABBITMQ_MISSING)
    return RabbitServer(directory).start()
