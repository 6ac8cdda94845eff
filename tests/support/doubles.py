"""Everyday doubles of what leaves a process: a clock that stands still, a queue that remembers."""

from __future__ import annotations

from ccmanage.core.clock import DAY, HOUR, MINUTE, SECOND, parse_rfc3339
from ccmanage.core.tasks import Task

START = parse_rfc3339("2026-11-23T07:00:00Z")


class FixedClock:
    """Stands still until it is moved."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now

    def move(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> int:
        """Let time pass; returns the new instant."""
        self.now += int(days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND)
        return self.now


class RecordingQueue:
    """Remembers what was sent; can lose messages, as the real one may."""

    def __init__(self) -> None:
        self.sent: list[Task] = []
        self.lost: list[Task] = []
        self._lose = 0

    def send(self, task: Task) -> None:
        if self._lose:
            self._lose -= 1
            self.lost.append(task)
        else:
            self.sent.append(task)

    def lose_next(self, count: int = 1) -> None:
        """Lose the next messages."""
        self._lose += count

    def take(self) -> list[Task]:
        """Return what was sent and forget it."""
        taken, self.sent = self.sent, []
        return taken
