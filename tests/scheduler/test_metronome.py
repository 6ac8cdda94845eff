"""One scheduler speaks at a time; when it goes, another takes over; without a database none speaks."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import select, text

from ccmanage.bootstrap import Runtime
from ccmanage.core.config import Settings
from ccmanage.core.locks import Lease
from ccmanage.core.tasks import Task
from ccmanage.migrations import migrate
from scheduler.main import LEASE, Metronome
from scheduler.timetable import TIMETABLE, Entry, every


@dataclass(frozen=True)
class Tick(Task):
    name: ClassVar[str] = "tests.tick"


class RecordingQueue:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Task] = []

    def send(self, task: Task) -> None:
        self.sent.append(task)


SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def runtimes(tmp_path: Path) -> Iterator[list[Runtime]]:
    """Two processes' runtimes on one database."""
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/books.db",
        secret_keys=(SECRET,),
        encryption_keys=(SECRET,),
        key_pepper=SECRET,
    )
    both = [Runtime(settings, RecordingQueue()) for _ in range(2)]
    migrate(both[0].database)
    yield both
    for runtime in both:
        runtime.close()


def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)


def sent(runtime: Runtime) -> list[Task]:
    assert isinstance(runtime.queue, RecordingQueue)
    return runtime.queue.sent


LINES = (Entry("tick", every(seconds=0.05), Tick()),)


def test_one_of_two_schedulers_speaks_and_the_other_takes_over(runtimes: list[Runtime]) -> None:
    first, second = (Metronome(runtime, LINES) for runtime in runtimes)
    first.start()
    until(lambda: len(sent(runtimes[0])) >= 3)
    second.start()
    until(lambda: len(sent(runtimes[0])) >= 6)
    assert first.leads
    assert not second.leads
    assert sent(runtimes[1]) == []
    first.stop()
    with runtimes[0].read() as scope:
        lease = scope.session.scalars(select(Lease).where(Lease.name == LEASE)).one()
        assert lease.expires_at == 0
    second._renew()
    until(lambda: len(sent(runtimes[1])) >= 1)
    second.stop()


def test_a_scheduler_without_a_database_falls_silent_when_its_lease_is_over(
    runtimes: list[Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    metronome = Metronome(runtimes[0], LINES)
    metronome._renew()
    assert metronome.leads
    with runtimes[0].scope() as scope:
        scope.session.execute(text("ALTER TABLE leases RENAME TO leases_away"))
    metronome._renew()
    assert metronome.leads  # until the lease is over, nobody else may speak
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 16)
    assert not metronome.leads
    metronome._send(LINES[0])
    assert sent(runtimes[0]) == []


def test_the_timetable_names_each_line_after_its_message_once() -> None:
    assert [entry.name for entry in TIMETABLE] == [entry.task.name for entry in TIMETABLE]
    assert len({entry.name for entry in TIMETABLE}) == len(TIMETABLE)
    assert all(entry.every.total_seconds() >= 1 for entry in TIMETABLE)
