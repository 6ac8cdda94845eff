"""One process of the product as it runs in production: started, killed, paused and ended by its pid."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from support.server_process import ServerFailed, ServerProcess

PROGRAM = Path(sys.executable).parent / "ccmanage"
END_SECONDS = 30.0
POLL_SECONDS = 0.02


def until(true: Callable[[], object], seconds: float, what: str, *, every: float = POLL_SECONDS) -> None:
    """Wait for a condition; fail with what was waited for when it does not come true in time.

    `every` is the pause between two looks, longer where looks are counted against a quota.
    """
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(every)


class OwnProcess(ServerProcess):
    """`ccmanage …` with settings from the environment. `fail_at` arms a failpoint for the next start alone."""

    def __init__(
        self, name: str, arguments: Sequence[str], directory: Path, environment: Mapping[str, str], *, started: str
    ) -> None:
        super().__init__(directory / name)
        self.name = name  # type: ignore[misc]
        self.arguments = [argument.replace("PORT", str(self.port)) for argument in arguments]
        self.fail_at = ""
        self.starts = 0
        self._given = dict(environment)
        self._started = started
        self._log_from = 0

    @property
    def is_server(self) -> bool:
        """Whether it answers HTTP."""
        return not self._started

    def start(self, *, wait: bool = True) -> OwnProcess:
        """Start it, with the failpoint that is armed."""
        if self.running:
            return self
        self._log_from = self.log_size()
        self.starts += 1
        super().start(wait=wait)
        self.fail_at = ""
        return self

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs and when it was killed by us."""
        return None if self._process is None else self._process.poll()

    def terminate(self, seconds: float = END_SECONDS) -> int:
        """SIGTERM, as a deployment does; returns the exit code, -9 when it had to be killed."""
        assert self._process is not None
        process = self._process
        self._process.send_signal(signal.SIGTERM)
        if not self._ended_within(seconds):
            self._signal(signal.SIGKILL)
        self._reap()
        return process.returncode

    def wait_end(self, seconds: float = END_SECONDS) -> int:
        """Wait until it ends by itself, or by its failpoint; returns the exit code."""
        assert self._process is not None
        process = self._process
        if not self._ended_within(seconds):
            raise ServerFailed(f"{self.name} did not end within {seconds:g} s:\n{self._log_tail()}")
        self._reap()
        return process.returncode

    def log_size(self) -> int:
        """Return how long its log is."""
        return self.log_path.stat().st_size if self.log_path.exists() else 0

    def log_since(self, place: int) -> list[dict[str, Any]]:
        """Return the lines that it has logged since its log was so long."""
        with self.log_path.open("rb") as file:
            file.seek(place)
            return [_entry(line) for line in file.read().decode(errors="replace").splitlines()]

    def log(self) -> list[dict[str, Any]]:
        """Return the lines that it has logged since its last start."""
        return self.log_since(self._log_from)

    def said(self, event: str) -> bool:
        """Tell whether it logged an event since its last start."""
        return any(entry.get("event") == event for entry in self.log())

    def threads(self) -> int:
        """Return how many threads it has."""
        return int(self._status("Threads"))

    def rss_mib(self) -> float:
        """Return how much memory it holds."""
        return int(self._status("VmRSS").split()[0]) / 1024

    def _status(self, field: str) -> str:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(field + ":"))

    def _command(self) -> list[str]:
        return [str(PROGRAM), *self.arguments]

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
        return {**inherited, **self._given, "CCMANAGE_FAIL": self.fail_at}

    def _answers(self) -> bool:
        if self._started:
            return self.said(self._started)
        return get(self.port, "/healthz") == 200


def get(port: int, path: str, timeout_seconds: float = 10.0) -> int:
    """Return the status of a GET; 0 where nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def _entry(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {"event": "", "text": line}
    return entry if isinstance(entry, dict) else {"event": "", "text": line}
