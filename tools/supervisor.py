"""Runs processes side by side: prefixes what they print, starts again what ends, stops all in order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

from support.server_process import reaper

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# Who has run this long was well: the next pause is short again.
HEALTHY_SECONDS = 60.0
STOP_SECONDS = 40.0
COLOR_CODES = re.compile(r"\x1b\[[0-9;]*m")
COLORS = ("36", "33", "32", "35", "34", "96", "93", "92")

_print_lock = threading.Lock()


def say(prefix: str, line: str, color: str = "37") -> None:
    """Print one line of one process; colours, its own too, only where a person looks at a terminal."""
    shown = f"{prefix:<11}| {line}"
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        shown = f"\x1b[{color}m{prefix:<11}|\x1b[0m {line}"
    else:
        shown = COLOR_CODES.sub("", shown)
    with _print_lock:
        print(shown, flush=True)


class Supervised:
    """One process that is kept running by a thread of its own until `stop`."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], color: str) -> None:
        self.name = name
        self.restarts = 0
        self._command = list(command)
        self._environment = dict(environment)
        self._color = color
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def pid(self) -> int | None:
        """The running process's id, None between two runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Begin to keep the process running."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Send SIGTERM and start nothing again; returns at once."""
        with self._lock:
            self._stopping.set()
            self._signal(signal.SIGTERM)

    def wait(self, deadline: float) -> None:
        """Wait for the end that was asked for; kill the process group when its time is over."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            say(self.name, "did not end in time, killed", self._color)
            self._signal(signal.SIGKILL)
            self._thread.join()

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            began = time.monotonic()
            code = self._run_once()
            if self._stopping.is_set():
                return
            if time.monotonic() - began > HEALTHY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self.restarts += 1
            say(self.name, f"ended with {code}, starting again in {pause:g} s", self._color)
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _run_once(self) -> int:
        with self._lock:
            if self._stopping.is_set():
                return 0
            process = self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                bufsize=1,
                start_new_session=True,
            )
        reaper.watch(process.pid)
        reader = threading.Thread(target=self._repeat, args=(process,), daemon=True)
        reader.start()
        code = process.wait()
        self._signal(signal.SIGKILL)  # children that outlived it would hold its port and its output
        reader.join()
        reaper.forget(process.pid)
        return code

    def _repeat(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            say(self.name, line.rstrip("\n"), self._color)

    def _signal(self, wanted: signal.Signals) -> None:
        if self._process is not None:
            try:
                if wanted is signal.SIGTERM:
                    self._process.send_signal(wanted)  # its own children are its own affair
                else:
                    os.killpg(self._process.pid, wanted)
            except ProcessLookupError:
                pass


class Supervisor:
    """A set of supervised processes that stop together."""

    def __init__(self) -> None:
        self.processes: list[Supervised] = []
        self.stopping = threading.Event()

    def keep(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Supervised:
        """Start a process and keep it running."""
        process = Supervised(name, command, environment, COLORS[len(self.processes) % len(COLORS)])
        self.processes.append(process)
        process.start()
        return process

    def stop_on_signals(self) -> None:
        """End in order on Ctrl-C and SIGTERM; a second one ends at once."""

        def handle(number: int, _frame: object) -> None:
            if self.stopping.is_set():
                os._exit(128 + number)  # the reaper ends whatever is left
            self.stopping.set()

        for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(wanted, handle)

    def stop(self) -> None:
        """Ask all to end, wait for all, kill what does not."""
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.processes:
            process.ask_to_stop()
        for process in self.processes:
            process.wait(deadline)
