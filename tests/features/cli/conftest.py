"""The command line, run in this process with an environment of its own."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from api.serve import _config, _Server, listen
from ccmanage.cli import main
from ccmanage.core.clock import SystemClock
from support.world import World
from workers.poller import Poller


@dataclass(frozen=True)
class Result:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as data."""
        return json.loads(self.out)


class Cli(Protocol):
    """Runs a command."""

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Result: ...


@pytest.fixture
def bare_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line without any settings, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CCMANAGE_DATA_DIR", str(tmp_path / "var"))

    def run(*arguments: str, stdin: str = "", **environment: str) -> Result:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["ccmanage", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        out, err, code = io.StringIO(), io.StringIO(), 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0
        for name in environment:
            monkeypatch.delenv(name)
        return Result(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def cli(bare_cli: Cli, world: World, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line on the world's database, once on SQLite, once on MySQL or MariaDB."""
    settings = world.settings
    for name, value in {
        "CCMANAGE_DATABASE_URL": settings.database_url,
        "CCMANAGE_SECRET_KEYS": ",".join(settings.secret_keys),
        "CCMANAGE_ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "CCMANAGE_KEY_PEPPER": settings.key_pepper,
    }.items():
        monkeypatch.setenv(name, value)
    return bare_cli


@pytest.fixture
def served(world: World) -> Iterator[str]:
    """The address of the world's API, served in this process and settled by a poll; its clock shows today."""
    world.clock.now = SystemClock().now_ms()
    listener = listen("127.0.0.1", 0)
    ready = threading.Event()
    server = _Server(_config(world.settings, world.app), ready.set)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    poller = Poller(world.runtime.settler.run_pending, every_seconds=0.05)
    thread.start()
    poller.start()
    assert ready.wait(30)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(30)
    poller.stop(30)
