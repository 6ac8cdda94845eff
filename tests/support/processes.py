"""`ccmanage` as real processes: started with an environment of their own, stopped and killed by their pid."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx2

from support.server_process import free_port, reaper

ROOT = Path(__file__).parents[2]
ENTRY = "from ccmanage.cli import main; main()"
SECRETS = {
    "CCMANAGE_SECRET_KEYS": "s" * 32,
    "CCMANAGE_ENCRYPTION_KEYS": "e" * 32,
    "CCMANAGE_KEY_PEPPER": "p" * 32,
}


def until(true: Callable[[], Any], seconds: float = 30.0, *, every: float = 0.02) -> Any:
    """Return what a question answers as soon as it is true; fail when it does not become so."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not (answer := true()):
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(every)
    return answer


def environment_of(**settings: object) -> dict[str, str]:
    """Return an environment without the caller's own settings: secrets and what is given, as CCMANAGE_…"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CCMANAGE_", "PROMETHEUS_"))}
    for name in ("HOST", "PORT", "DEMO"):
        kept.pop(name, None)
    return {**kept, **SECRETS, **{f"CCMANAGE_{name.upper()}": str(value) for name, value in settings.items()}}


class Process:
    """One `ccmanage` command that runs until it is stopped."""

    def __init__(self, *arguments: str, environment: Mapping[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.arguments = arguments
        self.log = folder / f"{arguments[0]}-{free_port()}.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", ENTRY, *arguments],
                env={**environment, "PYTHONPATH": str(ROOT)},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        reaper.watch(self.pid)

    @property
    def pid(self) -> int:
        """The process's id, which is its group's too."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it is there."""
        return self._process.poll() is None

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def send(self, wanted: signal.Signals) -> None:
        """Send a signal to the process alone."""
        if self.running:
            os.kill(self.pid, wanted)

    def end(self, wanted: signal.Signals = signal.SIGTERM, seconds: float = 40.0) -> int:
        """Ask it to end and return its exit code."""
        self.send(wanted)
        return self.wait(seconds)

    def wait(self, seconds: float = 40.0) -> int:
        """Return the exit code once it has ended; fail with its output if it does not."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.arguments[0]} did not end:\n{self.output[-3000:]}") from None
        reaper.forget(self.pid)
        return code

    def kill(self) -> None:
        """SIGKILL it and everything that it started."""
        if self.running:
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        reaper.forget(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.kill()


class Served(Process):
    """A command that serves HTTP: `api` or `up`."""

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str],
        folder: Path,
        port: int | None = None,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        given = {"CCMANAGE_PUBLIC_URL": self.url, **environment}
        super().__init__(*arguments, "--port", str(self.port), environment=given, folder=folder)

    def answers(self, path: str = "/readyz") -> bool:
        """Tell whether it answers a question with success."""
        try:
            return httpx2.get(self.url + path, timeout=5).is_success
        except httpx2.TransportError:
            return False

    def wait_ready(self, seconds: float = 60.0) -> Self:
        """Return as soon as it is ready; fail with its output if it ends before."""

        def ready() -> bool:
            assert self.running, self.output[-3000:]
            return self.answers()

        until(ready, seconds)
        return self


def run(*arguments: str, environment: Mapping[str, str], folder: Path, stdin: str = "") -> tuple[int, str, str]:
    """Run a command to its end; return its exit code, output and errors."""
    done = subprocess.run(
        [sys.executable, "-c", ENTRY, *arguments],
        env={**environment, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr
