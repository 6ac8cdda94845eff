"""What the database says while a load runs: how much waits, how much is settled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from benchmarks import machine
from benchmarks.installation import Installation
from benchmarks.load import Generator

_LOOK_SECONDS = 0.25
_DRAIN_LOOK_SECONDS = 0.02
_IN_FLIGHT = 1_000


@dataclass(slots=True)
class Look:
    """What one look found. `at` is seconds on the monotonic clock."""

    at: float
    pending: int
    settled: int


@dataclass(slots=True)
class Watch:
    """Looks at an installation from one moment on."""

    installation: Installation
    looks: list[Look] = field(default_factory=list)
    peaks_mb: dict[str, float] = field(default_factory=dict)
    _first_settlement: int = 0
    _floor: int = 0

    def __post_init__(self) -> None:
        with self._connect() as connection:
            self._first_settlement = connection.exec_driver_sql(
                "SELECT COALESCE(MAX(id), 0) FROM settlements"
            ).scalar_one()
        self.look()

    def look(self) -> Look:
        """Look now."""
        with self._connect() as connection:
            pending, oldest = connection.exec_driver_sql(
                "SELECT COALESCE(SUM(received), 0), MIN(id) FROM inbox_batches"
                f" WHERE state = 0 AND id >= {self._floor:d}"
            ).one()
            newest = connection.exec_driver_sql("SELECT COALESCE(MAX(id), 0) FROM inbox_batches").scalar_one()
            settled = self._settlements(connection)[0]
        self._floor = max((oldest or newest) - _IN_FLIGHT, 0)
        look = Look(time.monotonic(), int(pending), settled)
        self.looks.append(look)
        return look

    def settlement_size(self) -> float:
        """Return how many events a settlement held since the start."""
        with self._connect() as connection:
            events, count = self._settlements(connection)
        return events / count if count else 0.0

    def follow(self, generator: Generator, each: Callable[[Look], None] = lambda _look: None) -> None:
        """Look until the generator is done."""
        while generator.running:
            time.sleep(_LOOK_SECONDS)
            each(self.look())
            self._note_memory()

    def drain(self, longest_seconds: float = 30.0) -> float:
        """Wait until nothing is pending; returns how many seconds that took."""
        began = time.monotonic()
        while self.look().pending and time.monotonic() - began < longest_seconds:
            time.sleep(_DRAIN_LOOK_SECONDS)
        return time.monotonic() - began

    def settled_a_second(self, *, since: float = 0.0, until: float = float("inf")) -> float:
        """Return the speed of settling between two moments."""
        within = [look for look in self.looks if since <= look.at <= until]
        if len(within) < 2 or within[-1].at == within[0].at:
            return 0.0
        return (within[-1].settled - within[0].settled) / (within[-1].at - within[0].at)

    def pace(self) -> float:
        """Return the speed of settling from the start of the first settlement to that of the last; 0 if it was one."""
        with self._connect() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT at, events FROM settlements WHERE id > {self._first_settlement:d} ORDER BY id"
            ).all()
        passed_ms = rows[-1][0] - rows[0][0] if rows else 0
        return sum(events for _at, events in rows[:-1]) * 1_000 / passed_ms if passed_ms else 0.0

    def _settlements(self, connection: Connection) -> tuple[int, int]:
        events, count = connection.exec_driver_sql(
            f"SELECT COALESCE(SUM(events), 0), COUNT(*) FROM settlements WHERE id > {self._first_settlement:d}"
        ).one()
        return int(events), int(count)

    def _note_memory(self) -> None:
        for name, pids in serving(self.installation).items():
            largest = max((machine.resident_mb(pid) for pid in pids), default=0.0)
            self.peaks_mb[name] = max(largest, self.peaks_mb.get(name, 0.0))

    def _connect(self) -> Connection:
        return self.installation.runtime.database.engine.connect()


def serving(installation: Installation) -> dict[str, Iterable[int]]:
    """Return the ids of the processes that do the work, by kind: `api`, `worker`, `scheduler`, `up`."""
    found: dict[str, list[int]] = {}
    for name, program in installation.running.items():
        found.setdefault(name.partition("-")[0], []).extend(machine.family(program.pid))
    return dict(found)
