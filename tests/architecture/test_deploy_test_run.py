"""`make test` never says passed for what it could not run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tools.test import CLOSING, Part, stream

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
from support import servers

pytest_plugins = ["support.server_fixtures"]
servers.find_redis = lambda: None
"""
TESTS = """
def test_with_redis(redis_server):
    raise AssertionError

def test_also_with_redis(redis_server):
    raise AssertionError

def test_without():
    pass
"""


@pytest.fixture
def machine_without_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A test run on a machine that lacks a server; returns its command."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))
    monkeypatch.delenv("CCMANAGE_TEST_REDIS_URL", raising=False)
    options = ["-q", "-n", "2", "-p", "no:randomly", "--rootdir", str(tmp_path), "-c", os.devnull]
    return [sys.executable, "-m", "pytest", *options, str(tmp_path)]


def test_what_lacks_a_server_is_named_at_the_end(
    machine_without_redis: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    part = Part("backend")
    stream(part, machine_without_redis)
    assert "NOT RUN: 2 tests need Redis (apt-get install redis-server" in capsys.readouterr().out
    assert part.verdict == "passed"
    assert part.closing.startswith("1 passed, 2 skipped")
    assert len(part.missing) == 1
    assert part.missing[0].startswith("2 tests need Redis")


def test_verdicts() -> None:
    assert Part("browser", missing=["needs Chromium"]).verdict == "NOT RUN"
    assert Part("backend", code=1, closing="1 failed").verdict == "FAILED"
    assert Part("backend", closing="3 passed").verdict == "passed"


@pytest.mark.parametrize(
    ("line", "closing"),
    [
        ("== 3 passed, 1 skipped in 2.10s ==", "3 passed, 1 skipped in 2.10s"),
        ("3 passed, 1 warning in 2.10s", "3 passed, 1 warning in 2.10s"),
        ("1 failed, 3 passed in 70.10s (0:01:10)", "1 failed, 3 passed in 70.10s (0:01:10)"),
        ("2 errors in 1.00s", "2 errors in 1.00s"),
        ("      Tests  12 passed (12)", "12 passed (12)"),
        ("  7 passed (9.1s)", "7 passed (9.1s)"),
        ("the test passed", None),
        ("E       assert 1 passed", None),
    ],
)
def test_closing_lines_of_the_runners(line: str, closing: str | None) -> None:
    found = CLOSING.match(line)
    assert (found and found[1]) == closing
