"""Programs of ours as they run in production, each ended by its pid: ccmanage's commands and the no-op server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from benchmarks import ROOT, machine
from support.server_process import ServerProcess

_LOOK_SECONDS = 0.1
_BIN = Path(sys.executable).parent


class Program(ServerProcess):
    """A command that serves HTTP on its port, or says in its log that it works."""

    name = "program"

    def __init__(self, directory: Path, command: list[str], environment: dict[str, str], ready: str) -> None:
        super().__init__(directory)
        self.name = directory.name  # type: ignore[misc]
        self._words = command
        self._ready = ready
        self._given = {**_clean_environment(), **environment}

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        return [word.replace("{port}", str(self.port)) for word in self._words]

    def _environment(self) -> dict[str, str]:
        return self._given

    def _answers(self) -> bool:
        if not self._ready.startswith("/"):
            return self._ready in self.log_path.read_text(errors="replace")
        with urlopen(self.address + self._ready, timeout=2) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)


def api(folder: Path, environment: dict[str, str], processes: int) -> Program:
    """Return `ccmanage api`."""
    words = [_ccmanage(), "api", "--host", "127.0.0.1", "--port", "{port}", "--processes", str(processes)]
    return Program(folder / "api", words, environment, "/readyz")


def worker(folder: Path, environment: dict[str, str], number: int) -> Program:
    """Return `ccmanage worker`."""
    return Program(folder / f"worker-{number}", [_ccmanage(), "worker"], environment, "worker_started")


def scheduler(folder: Path, environment: dict[str, str]) -> Program:
    """Return `ccmanage scheduler`."""
    return Program(folder / "scheduler", [_ccmanage(), "scheduler"], environment, "scheduler_started")


def embedded(folder: Path, environment: dict[str, str]) -> Program:
    """Return `ccmanage up` without the demo."""
    words = [_ccmanage(), "up", "--host", "127.0.0.1", "--port", "{port}"]
    return Program(folder / "up", words, {**environment, "DEMO": "0"}, "/readyz")


def noop(folder: Path, environment: dict[str, str], processes: int) -> Program:
    """Return the server that reads the body and answers a constant, run as `ccmanage api` runs its own."""
    words = [sys.executable, "-m", "benchmarks.noop", "{port}", str(processes)]
    return Program(folder / "noop", words, {**environment, "PYTHONPATH": str(ROOT)}, "/ready")


@dataclass(frozen=True, slots=True)
class Audited:
    """How an audit of the books ended. What could not be audited counts as one finding."""

    findings: int
    seconds: float
    peak_mb: float


def audit(environment: dict[str, str]) -> Audited:
    """Run `ccmanage audit --full` to its end."""
    began = time.monotonic()
    words = [_ccmanage(), "audit", "--full", "--json"]
    peak = 0.0
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(words, env={**_clean_environment(), **environment}, cwd=ROOT, stdout=told)
        while process.poll() is None:
            peak = max(peak, machine.resident_mb(process.pid, peak=True))
            time.sleep(_LOOK_SECONDS)
        seconds = time.monotonic() - began
        told.seek(0)
        text = told.read()
    findings = len(json.loads(text)["findings"]) if text else 0
    return Audited(0 if process.returncode == 0 else max(findings, 1), seconds, peak)


def _ccmanage() -> str:
    return str(_BIN / "ccmanage")


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CCMANAGE_")}
