"""Faults by a seeded timetable: who is killed, paused, cut off when, and who starts it again.

The timetable follows from the seed alone, so that `CHAOS_SEED=n` plays it again.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from support.server_process import ServerProcess
from support.stack import Stack
from support.stack_faults import killing_connections
from support.stack_process import OwnProcess

KILLED = -9


@dataclass(frozen=True, order=True)
class Step:
    """One thing that happens, and when, in seconds from the beginning."""

    at: float
    name: str
    detail: float = 0.0

    def __str__(self) -> str:
        return f"{self.name} ({self.detail:.1f} s)" if self.detail else self.name


# What may happen, how often compared with the rest, and for how long at most.
FAULTS: dict[str, tuple[int, float]] = {
    "kill api-1": (2, 0),
    "kill api-2": (2, 0),
    "kill worker-1": (2, 0),
    "kill worker-2": (2, 0),
    "kill scheduler": (1, 0),
    "kill mysql": (3, 2),
    "kill redis": (2, 3),
    "wipe redis": (2, 3),
    "pause mysql": (2, 6),
    "pause redis": (2, 3),
    "pause worker-1": (1, 3),
    "pause worker-2": (1, 3),
    "lose answers to COMMIT": (3, 0),
    "lose answers of redis": (2, 0),
    "cut connections to mysql": (2, 0),
    "hold connections to mysql": (1, 5),
    "kill connections": (2, 1),
}


def timetable(seed: int, seconds: float) -> list[Step]:
    """Return what happens in so many seconds."""
    draw = random.Random(seed)
    names, weights = list(FAULTS), [weight for weight, _longest in FAULTS.values()]
    steps, at = [], 2.0
    while at < seconds:
        [name] = draw.choices(names, weights)
        longest = FAULTS[name][1]
        steps.append(Step(at, name, draw.uniform(0.1, longest) if longest else 0.0))
        at += draw.uniform(1.0, 4.0)
    return steps


@dataclass
class Keeper:
    """Starts again what ended, as an operator's supervisor does, and remembers who ended unasked."""

    stack: Stack
    crashes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self._thread.join()

    def kill(self, process: OwnProcess) -> None:
        """SIGKILL a process, not while it is being started."""
        with self._lock:
            process.kill()

    def _run(self) -> None:
        while not self._stopping.wait(0.1):
            for process in self.stack.processes:
                with self._lock:
                    if not process.running:
                        self._start(process)

    def _start(self, process: OwnProcess) -> None:
        code = process.exit_code
        if code not in (None, KILLED):
            self.crashes.append(f"{process.name} ended with {code}: {process.log()[-3:]}")
        process.start(wait=False)


class Chaos:
    """Plays a timetable on a stack whose processes are kept running."""

    def __init__(self, stack: Stack, keeper: Keeper, seed: int, seconds: float) -> None:
        self.steps = timetable(seed, seconds)
        self.timeline: list[str] = []
        self._seconds = seconds
        self._stack = stack
        self._keeper = keeper
        self._ends: list[tuple[float, str, Callable[[], Any]]] = []
        self._names = {process.name: process for process in stack.processes}
        self._servers: dict[str, ServerProcess] = {"mysql": stack.mysql, "redis": stack.redis}
        self._began = 0.0

    def play(self) -> None:
        """Let everything happen at its time; what has begun also ends."""
        self._began = time.monotonic()
        waiting = list(self.steps)
        while waiting or self._ends or self._now() < self._seconds:
            now = self._now()
            for end in sorted(end for end in self._ends if end[0] <= now):
                self._ends.remove(end)
                end[2]()
                self._say(end[1])
            if waiting and waiting[0].at <= now:
                step = waiting.pop(0)
                self._say(str(step))
                self._begin(step)
            time.sleep(0.02)

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _say(self, line: str) -> None:
        self.timeline.append(f"{self._now():6.1f} s  {line}")

    def _later(self, seconds: float, what: str, deed: Callable[[], Any]) -> None:
        self._ends.append((self._now() + seconds, what, deed))

    def _begin(self, step: Step) -> None:
        verb, _, name = step.name.partition(" ")
        if verb == "pause":
            target = self._servers.get(name) or self._names[name]
            target.pause()
            self._later(step.detail, f"{name} goes on", target.resume)
        elif verb in ("kill", "wipe") and name in self._servers:
            self._servers[name].kill()
            if verb == "wipe":
                self._stack.redis.wipe()
            self._later(step.detail, f"{name} starts", self._servers[name].start)
        elif name in self._names:
            self._keeper.kill(self._names[name])
        else:
            self._disturb(step)

    def _disturb(self, step: Step) -> None:
        stack = self._stack
        if step.name == "lose answers to COMMIT":
            stack.sql_proxy.drop_reply(_ends_a_transaction, times=3)
        elif step.name == "lose answers of redis":
            stack.redis_proxy.drop_reply(times=3)
        elif step.name == "cut connections to mysql":
            stack.sql_proxy.cut()
        elif step.name == "hold connections to mysql":
            stack.sql_proxy.blackhole()
            self._later(step.detail, "connections to mysql go on", stack.sql_proxy.forward)
        elif any(what.startswith("mysql") for _at, what, _deed in self._ends):
            self._say("mysql is away, no connection to kill")
        else:
            with killing_connections(stack):
                time.sleep(step.detail)


def _ends_a_transaction(sent: bytes) -> bool:
    return b"COMMIT" in sent or b"INSERT INTO inbox_batches" in sent
