"""The machine, and who used it: processors, memory, the disk's fsync, the share of others."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import ROOT

_TICK = os.sysconf("SC_CLK_TCK")
_FSYNCS = 50


def describe(folder: Path) -> dict[str, Any]:
    """Return what a reader needs to compare two runs."""
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_mb": memory_mb(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": _commit(),
        "started_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "load_before": round(os.getloadavg()[0], 2),
        "file_system": _file_system(folder),
        "fsync_ms": round(fsync_ms(folder), 3),
    }


def memory_mb() -> int:
    """Return the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


def fsync_ms(folder: Path) -> float:
    """Return the median time that a small durable write takes where the databases lie."""
    path = folder / "fsync.probe"
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(_FSYNCS):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    path.unlink()
    return sorted(times)[_FSYNCS // 2] * 1000


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, ()))
    return found


def resident_mb(pid: int, *, peak: bool = False) -> float:
    """Return a process's resident memory, or the most it ever had; 0 if it is gone."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(wanted):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


@dataclass(slots=True)
class Usage:
    """Processor seconds from one moment on: by group of processes, and of everybody."""

    groups: dict[str, list[int]]
    began: float
    seconds: dict[str, float]
    busy: float

    @classmethod
    def start(cls, groups: dict[str, Iterable[int]]) -> Usage:
        """Begin to count for named groups of process ids, each with its descendants."""
        found = {name: [one for pid in pids for one in family(pid)] for name, pids in groups.items()}
        return cls(found, time.monotonic(), {name: _seconds(pids) for name, pids in found.items()}, _busy_seconds())

    def shares(self) -> dict[str, float]:
        """Return how many cores each group kept busy since the start, and `others` for everybody else."""
        passed = time.monotonic() - self.began
        used = {name: (_seconds(pids) - self.seconds[name]) / passed for name, pids in self.groups.items()}
        whole = (_busy_seconds() - self.busy) / passed
        return {**used, "others": max(0.0, whole - sum(used.values()))}


def _seconds(pids: Iterable[int]) -> float:
    fields = filter(None, map(_stat, pids))
    return sum(int(one[11]) + int(one[12]) for one in fields) / _TICK


def _busy_seconds() -> float:
    numbers = [int(value) for value in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _waiting, irq, softirq, *_rest = numbers
    return (user + nice + system + irq + softirq) / _TICK


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; nothing if the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


def _file_system(folder: Path) -> str:
    best, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text().splitlines():
        _device, place, name, *_rest = line.split()
        if str(folder.resolve()).startswith(place) and len(place) >= len(best):
            best, kind = place, name
    return kind
