"""Fixtures for the servers (`pytest_plugins = ["support.server_fixtures"]`), one private instance a session.

A test that needs a server takes its fixture. Where the server is missing the test is skipped, and the run ends
with a list of what could not be run, so that nobody reads the skips as passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from support import servers
from support.server_process import reaper

MISSING_PREFIX = "could not run, missing: "


class _Stoppable(Protocol):
    def stop(self) -> None: ...


Server = TypeVar("Server", bound=_Stoppable)


def _session_of(opener: Callable[[Path], Server], name: str) -> Iterator[Server]:
    try:
        server = opener(reaper.temp_dir(f"ccm-{name}-"))
    except servers.ServerMissing as missing:
        pytest.skip(f"{MISSING_PREFIX}{missing}")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[servers.MariaDbServer | servers.GivenMySql]:
    """A running MySQL or MariaDB for the session; make a database of your own on it."""
    yield from _session_of(servers.open_mysql, "mysql")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.RedisServer | servers.GivenServer]:
    """A running Redis for the session."""
    yield from _session_of(servers.open_redis, "redis")


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[servers.RabbitServer | servers.GivenServer]:
    """A running RabbitMQ for the session."""
    yield from _session_of(servers.open_rabbitmq, "rabbitmq")


@pytest.fixture
def private_mysql(tmp_path: Path) -> Iterator[servers.MariaDbServer]:
    """A MySQL or MariaDB of this test alone, to be killed, paused and restarted."""
    yield from _private(lambda: servers.MariaDbServer(tmp_path / "mysql"))


@pytest.fixture
def private_redis(tmp_path: Path) -> Iterator[servers.RedisServer]:
    """A Redis of this test alone, to be killed, paused and restarted."""
    yield from _private(lambda: servers.RedisServer(tmp_path / "redis"))


Private = TypeVar("Private", servers.MariaDbServer, servers.RedisServer)


def _private(make: Callable[[], Private]) -> Iterator[Private]:
    try:
        server = make().start()
    except servers.ServerMissing as missing:
        pytest.skip(f"{MISSING_PREFIX}{missing}")
    yield server
    server.resume()
    server.kill()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not run for lack of a server."""
    missing: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if MISSING_PREFIX in reason:
            missing[reason.split(MISSING_PREFIX, 1)[1]] += 1
    if missing:
        terminalreporter.section("not run for lack of a server")
        for what, count in sorted(missing.items()):
            terminalreporter.line(f"NOT RUN: {count} tests need {what}")
