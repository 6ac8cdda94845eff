"""`make check`: what can be known without running the product, two checks at a time, in a minute or less.

`python -m tools.check NAME...` runs the named ones alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PORTAL = ROOT / "frontend"
BIN = Path(sys.executable).parent
SCHEMA = Path("src") / "shared" / "api" / "schema.d.ts"
AT_A_TIME = 2
PACKAGES = ("api", "ccmanage", "workers", "scheduler")


@dataclass(frozen=True)
class Outcome:
    """How a check ended, and what it had to say."""

    name: str
    passed: bool
    seconds: float
    output: str


def run(command: list[str], folder: Path = ROOT) -> tuple[bool, str]:
    """Run a command; tell whether it succeeded, and all that it printed."""
    environment = os.environ | {"NO_COLOR": "1", "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode == 0, done.stdout


def migrations() -> tuple[bool, str]:
    """Migrate an empty database and compare it with the tables in the code."""
    from ccmanage.core.db import Database
    from ccmanage.migrations import check_drift, migrate

    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db")
        try:
            migrate(database)
            check_drift(database)
        except Exception as drift:
            return False, f"The migrations do not make the tables of the code: {drift}\n"
        finally:
            database.engine.dispose()
    return True, ""


def openapi() -> tuple[bool, str]:
    """Compare frontend/openapi.json with what the API serves."""
    same, output = run([sys.executable, "-c", OPENAPI_SCRIPT])
    return same, output if same else f"{output}frontend/openapi.json is out of date: make openapi\n"


OPENAPI_SCRIPT = "import sys; from tools.openapi import OUTPUT, document; sys.exit(document() != OUTPUT.read_text())"


def portal_types() -> tuple[bool, str]:
    """Compare the portal's API types with those made from frontend/openapi.json."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / SCHEMA.name
        passed, output = run(
            ["npx", "--no-install", "openapi-typescript", "openapi.json", "--output", str(made)], PORTAL
        )
        if not passed:
            return False, output
        if made.read_text() != (PORTAL / SCHEMA).read_text():
            return False, f"frontend/{SCHEMA} is out of date: make openapi\n"
    return True, ""


# The slow ones first, so that nothing long is left for the end.
CHECKS: dict[str, Callable[[], tuple[bool, str]]] = {
    "mypy": lambda: run(["mypy"]),
    "eslint": lambda: run(["npm", "run", "--silent", "lint"], PORTAL),
    "vue-tsc": lambda: run(["npm", "run", "--silent", "typecheck"], PORTAL),
    "architecture": lambda: run(["pytest", "-q", "--no-header", "tests/architecture"]),
    "semgrep": lambda: run([sys.executable, "-m", "tools.semgrep"]),
    "import rules": lambda: run(["lint-imports", "--no-cache"]),
    "openapi": openapi,
    "portal types": portal_types,
    "migrations": migrations,
    "deptry": lambda: run(["deptry", "."]),
    "bandit": lambda: run(["bandit", "-q", "-ll", "-c", "pyproject.toml", "-r", *PACKAGES]),
    "secrets": lambda: run([sys.executable, "-m", "tools.secrets"]),
    "ruff": lambda: run(["ruff", "check", "."]),
    "format": lambda: run(["ruff", "format", "--check", "."]),
}


def perform(name: str) -> Outcome:
    """Run one check and print how it ended; what a failed one said is printed at once."""
    began = time.monotonic()
    passed, output = CHECKS[name]()
    outcome = Outcome(name, passed, time.monotonic() - began, output)
    said = "" if passed else "\n" + output.rstrip()
    print(f"{'ok    ' if passed else 'FAILED'} {name:<14}{outcome.seconds:6.1f} s{said}", flush=True)
    return outcome


def main(names: list[str]) -> int:
    """Run all checks, or the named ones, and sum up."""
    if unknown := set(names) - CHECKS.keys():
        print(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    began = time.monotonic()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        outcomes = list(pool.map(perform, names or CHECKS))
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    seconds = time.monotonic() - began
    print(f"make check: {len(outcomes) - len(failed)} passed, {len(failed)} failed in {seconds:.0f} s")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
