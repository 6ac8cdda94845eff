"""The local stack's supervisor starts again what ends, leaves no orphans and stops in order."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable

import pytest

from tools import supervisor as module
from tools.supervisor import Supervisor

BROOD = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("parent", os.getpid(), "child", child.pid, flush=True)
time.sleep(600)
"""
POLITE = """
import signal, sys, threading
done = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: done.set())
print("ready", flush=True)
done.wait()
print("goodbye", flush=True)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


class Heard:
    """Collects what supervised processes print, and waits for a line without sleeping."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._news = threading.Condition()

    def say(self, prefix: str, line: str, _color: str = "") -> None:
        with self._news:
            self.lines.append(f"{prefix}: {line}")
            self._news.notify_all()

    def wait(self, wanted: Callable[[list[str]], list[str]]) -> list[str]:
        with self._news:
            assert self._news.wait_for(lambda: wanted(self.lines), timeout=20), self.lines
            return wanted(self.lines)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    heard = Heard()
    monkeypatch.setattr(module, "say", heard.say)
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.01)
    return heard


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def ends(pid: int) -> bool:
    """Wait for the end of a process that need not be our child."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def test_what_ends_is_started_again_and_its_children_go_with_it(heard: Heard) -> None:
    supervisor = Supervisor()
    process = supervisor.keep("brood", python(BROOD), os.environ)
    first = heard.wait(lambda lines: [line for line in lines if "parent" in line])[0].split()
    os.kill(int(first[2]), signal.SIGKILL)
    heard.wait(lambda lines: [line for line in lines if "parent" in line][1:])
    assert process.restarts == 1
    assert ends(int(first[4])), "the child of the killed process lives on"
    assert any("ended with -9" in line for line in heard.lines)
    second = [line for line in heard.lines if "parent" in line][1].split()
    supervisor.stop()
    assert ends(int(second[2]))
    assert ends(int(second[4]))


def test_pauses_grow(heard: Heard) -> None:
    supervisor = Supervisor()
    supervisor.keep("hasty", python("raise SystemExit(3)"), os.environ)
    said = heard.wait(lambda lines: [line for line in lines if "starting again" in line][2:])
    supervisor.stop()
    assert said[0].startswith("hasty: ended with 3, starting again in 0.04 s")


def test_stop_lets_processes_finish(heard: Heard) -> None:
    supervisor = Supervisor()
    supervisor.keep("polite", python(POLITE), os.environ)
    heard.wait(lambda lines: [line for line in lines if line == "polite: ready"])
    supervisor.stop()
    assert heard.lines == ["polite: ready", "polite: goodbye"]


def test_stop_kills_what_does_not_end(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.2)
    supervisor = Supervisor()
    process = supervisor.keep("stubborn", python(STUBBORN), os.environ)
    heard.wait(lambda lines: [line for line in lines if line == "stubborn: ready"])
    pid = process.pid
    supervisor.stop()
    assert pid is not None
    assert ends(pid)


def test_colors_are_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    module.say("api", "\x1b[1mhel\x1b[0mlo", "36")
    assert capsys.readouterr().out == "api        | hello\n"
