"""Ends recorded processes and removes recorded folders when the process that started this one is gone.

Run as a script by `server_process.Reaper`; it reads lines from standard input (`+ PID`, `- PID`, `dir PATH`, `.`)
and acts on `.` or at the end of the stream, which comes even if the parent was killed with SIGKILL.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from pathlib import Path


def started_at(pid: int) -> str | None:
    """Return the kernel's start time of a process, which with the pid names it for ever; None if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def main() -> None:
    """Follow the parent's orders until it says `.` or dies, then clean up after it."""
    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, signal.SIG_IGN)
    running: dict[int, str | None] = {}
    folders: list[str] = []
    for line in sys.stdin:
        order, _, rest = line.rstrip("\n").partition(" ")
        if order == "+":
            running[int(rest)] = started_at(int(rest))
        elif order == "-":
            running.pop(int(rest), None)
        elif order == "dir":
            folders.append(rest)
        elif order == ".":
            break
    for pid, start in running.items():
        # Each server leads its own process group, so that its children go with it.
        if start is not None and started_at(pid) == start:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
