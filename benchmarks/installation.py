"""Installations to be measured: a database with workspaces and keys, and the processes of production on it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import ROOT, machine, programs
from benchmarks.population import Population, populate
from benchmarks.programs import Audited, Program
from ccmanage.adapters.dramatiq_queue import SilentQueue
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import DAY, FileClock
from ccmanage.core.config import Settings
from ccmanage.migrations import migrate
from support.server_mysql import options_of
from support.servers import MariaDbServer, RedisServer

_SECRETS = ("secret_keys", "encryption_keys", "key_pepper")


@dataclass(slots=True)
class Servers:
    """The private MariaDB, with the shipped options, and the private Redis."""

    folder: Path
    mariadb: MariaDbServer
    redis: RedisServer


@contextmanager
def running_servers(folder: Path) -> Iterator[Servers]:
    """Run both for the length of a block."""
    flags = options_of(ROOT / "deploy" / "my.cnf")
    if machine.memory_mb() < 6_000:
        flags = (*flags, f"--innodb-buffer-pool-size={machine.memory_mb() // 4}M")
    folder.mkdir(parents=True, exist_ok=True)
    with MariaDbServer(folder / "mariadb", flags=flags) as mariadb, RedisServer(folder / "redis") as redis:
        yield Servers(folder, mariadb, redis)


@dataclass(slots=True)
class Installation:
    """A migrated database that holds workspaces and keys, and whatever runs on it."""

    folder: Path
    environment: dict[str, str]
    runtime: Runtime
    population: Population
    clock_file: Path
    running: dict[str, Program] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where posts go."""
        return (self.running.get("api") or self.running["up"]).address

    def catch_up(self) -> None:
        """Let the clock tell the present."""
        self.clock_file.unlink(missing_ok=True)

    @contextmanager
    def run(self, *started: Program) -> Iterator[None]:
        """Run programs for the length of a block."""
        with ExitStack() as stack:
            for program in started:
                stack.enter_context(program)
                self.running[program.name] = program
            try:
                yield
            finally:
                for program in started:
                    self.running.pop(program.name, None)

    @contextmanager
    def in_production(self, *, processes: int, workers: int) -> Iterator[None]:
        """Run API processes, and with workers the scheduler too."""
        started = [programs.api(self.folder, self.environment, processes)]
        started += [programs.worker(self.folder, self.environment, number) for number in range(1, workers + 1)]
        if workers:
            started.append(programs.scheduler(self.folder, self.environment))
        with self.run(*started):
            yield

    @contextmanager
    def embedded(self) -> Iterator[None]:
        """Run everything in one process."""
        with self.run(programs.embedded(self.folder, self.environment)):
            yield

    def audit(self) -> Audited:
        """Prove the books with `ccmanage audit --full`, and watch its memory."""
        return programs.audit(self.environment)

    def close(self) -> None:
        """Let go of the database."""
        self.runtime.close()


def install(servers: Servers, name: str, workspaces: int, *, days_ago: int = 0) -> Installation:
    """Make an installation on MariaDB and Redis; one that was kept in the servers' folder is opened as it is.

    With `days_ago` it is made as if on that day: its clock lags until `catch_up`.
    """
    given = {"database_url": servers.mariadb.ensure_database(name), "redis_url": servers.redis.url}
    return _open(servers.folder / name, given, workspaces, days_ago)


def install_embedded(folder: Path, workspaces: int) -> Installation:
    """Make an installation on SQLite."""
    folder.mkdir(parents=True, exist_ok=True)
    return _open(folder, {"database_url": f"sqlite:///{folder / 'ccmanage.db'}"}, workspaces, 0)


def _open(folder: Path, given: dict[str, str], workspaces: int, days_ago: int) -> Installation:
    folder.mkdir(parents=True, exist_ok=True)
    kept, clock_file = folder / "population.json", folder / "clock"
    known = Population.load(kept) if kept.exists() else None
    if days_ago and not known:
        clock_file.write_text(str(-days_ago * DAY))
    own = known.secrets if known else {name: secrets.token_urlsafe(32) for name in _SECRETS}
    given = {**given, **own, "data_dir": str(folder), "log_format": "json"}
    runtime = Runtime(_settings(given), SilentQueue(), clock=FileClock(clock_file))
    migrate(runtime.database)
    population = known or populate(runtime, workspaces, own)
    population.save(kept)
    environment = {f"CCMANAGE_{key.upper()}": value for key, value in given.items()}
    return Installation(folder, environment, runtime, population, clock_file)


def _settings(given: dict[str, Any]) -> Settings:
    return Settings(_env_file=None, **given)
