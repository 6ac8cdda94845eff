"""`make test`: every test on every server found here, coverage, and a closing list of what could not be run.

`make test ONLY=backend` (or faults, portal, browser) runs one part. Servers are private instances on free ports,
unless CCMANAGE_TEST_MYSQL_URL, CCMANAGE_TEST_REDIS_URL or CCMANAGE_TEST_RABBITMQ_URL name others.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.demo_server import demo_server

ROOT = Path(__file__).resolve().parents[1]
PORTAL = ROOT / "frontend"
BIN = Path(sys.executable).parent
NOT_RUN = "NOT RUN: "
COVERAGE_FLOOR = 85
# The pure rules of the business are the promise of the product: every branch of them is walked.
RULES_FLOOR = 100
NO_TESTS_COLLECTED = 5
# "3 passed, 1 skipped in 2.1s" of pytest, "  Tests  12 passed (12)" of vitest, "  7 passed (9.1s)" of Playwright.
CLOSING = re.compile(r"^(?:=+ | +Tests +| +)?((?:\d+ \w+, )*\d+ (?:passed|failed|skipped|errors?)\b.*?)(?: =+)?$")


@dataclass
class Part:
    """One part of the run: what it said at its end, and what it could not do for lack of something."""

    name: str
    code: int = 0
    seconds: float = 0.0
    closing: str = ""
    missing: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """Passed only where something ran and nothing of it failed."""
        if self.code:
            return "FAILED"
        return "passed" if self.closing else "NOT RUN"


def stream(part: Part, command: list[str], folder: Path = ROOT, **environment: str) -> None:
    """Run a command, repeat what it prints, and remember its closing lines."""
    print(f"\n== {part.name}: {' '.join(Path(word).name for word in command[:1])} {' '.join(command[1:])}", flush=True)
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k != "FORCE_COLOR"} | {"NO_COLOR": "1"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    for line in process.stdout or ():
        print(line, end="", flush=True)
        if line.startswith(NOT_RUN):
            part.missing.append(line.removeprefix(NOT_RUN).strip())
        elif found := CLOSING.match(line.rstrip()):
            part.closing = found[1]
    part.code = part.code or process.wait()


def backend(part: Part) -> None:
    """Everything but the faults, in two processes with servers of their own."""
    pytest = [str(BIN / "pytest"), "-n", "2", "--dist", "worksteal", "-m", "not faults and not chaos"]
    stream(part, [*pytest, "--cov", "--cov-report=", "--no-header", "-q"])


def faults(part: Part) -> None:
    """Kills, stops and restarts: alone on the machine, since they watch the clock."""
    pytest = [str(BIN / "pytest"), "-m", "faults or chaos", "-p", "no:randomly"]
    stream(part, [*pytest, "--cov", "--cov-append", "--cov-report=", "--no-header", "-q"])
    if part.code == NO_TESTS_COLLECTED:
        part.code, part.closing = 0, ""


def coverage(part: Part) -> None:
    """Show how much of the code the tests walk through; too little is a failure."""
    stream(part, [str(BIN / "coverage"), "report", "--include=*/rules.py", f"--fail-under={RULES_FLOOR}"])
    rules = part.code
    stream(part, [str(BIN / "coverage"), "report", "--precision=1", "--sort=cover", f"--fail-under={COVERAGE_FLOOR}"])
    stream(part, [str(BIN / "coverage"), "json", "-q", "-o", str(ROOT / "var" / "coverage.json")])
    total = json.loads((ROOT / "var" / "coverage.json").read_text())["totals"]["percent_covered"]
    part.closing = f"{total:.1f} % of lines and branches" + (", rules.py below 100 %" if rules else "")


def portal(part: Part) -> None:
    """The portal's units."""
    vitest = ["npx", "--no-install", "vitest", "run", "--coverage", "--coverage.reporter=text-summary"]
    stream(part, vitest, PORTAL)


def browser(part: Part) -> None:
    """The portal in a real browser, against a real server with the demo data."""
    chromium = os.environ.get("CHROMIUM_PATH") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if chromium is None:
        part.missing.append("the browser tests need Chromium (apt-get install chromium, or set CHROMIUM_PATH)")
        return
    with demo_server() as server:
        where = {"CHROMIUM_PATH": chromium, "E2E_BASE_URL": server.url}
        who = {"E2E_EMAIL": server.email, "E2E_PASSWORD": server.password}
        stream(part, ["npx", "--no-install", "playwright", "test"], PORTAL, **where, **who)


PARTS: dict[str, Callable[[Part], None]] = {
    "backend": backend,
    "faults": faults,
    "coverage": coverage,
    "portal": portal,
    "browser": browser,
}


def main() -> int:
    """Run all parts, or the one named by ONLY, and sum up honestly."""
    only = os.environ.get("ONLY") or ""
    if only and only not in PARTS:
        sys.exit(f"ONLY={only} is not one of {', '.join(PARTS)}")
    (ROOT / "var").mkdir(exist_ok=True)
    parts = []
    for name in [only] if only else PARTS:
        part = Part(name)
        parts.append(part)
        began = time.monotonic()
        PARTS[name](part)
        part.seconds = time.monotonic() - began
    print("\n== make test")
    for part in parts:
        print(f"{part.verdict:<8} {part.name:<9}{part.seconds:6.0f} s  {part.closing}")
    missing = [what for part in parts for what in part.missing]
    print("Could not be run here:" if missing else "Nothing was left out for lack of a server.")
    for what in missing:
        print(f"NOT RUN: {what}")
    return 1 if any(part.code for part in parts) else 0


if __name__ == "__main__":
    sys.exit(main())
