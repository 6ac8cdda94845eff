"""`python -m benchmarks`: run the suite or a part of it, print a table, write the figures. Judges nothing."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import ROOT, machine
from benchmarks.context import Context, Options
from benchmarks.figures import print_table, write_json
from benchmarks.suite import PARTS, STANDARD
from support.server_process import ServerMissing


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for."""
    asked = _parser().parse_args(arguments)
    names = asked.only.split(",") if asked.only else list(STANDARD)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"benchmarks: no part is named {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    options = Options(
        seconds=asked.seconds,
        workspaces=asked.workspaces,
        processes=asked.processes,
        workers=asked.workers,
        growth_events=asked.growth_events,
        keep=ROOT / "var" / "bench" if asked.keep else None,
    )
    with tempfile.TemporaryDirectory(prefix="ccmanage-bench-") as folder:
        context = Context(Path(folder), options)
        described = machine.describe(context.folder)
        try:
            for name in names:
                began = time.monotonic()
                context.say(f"--- {name}")
                PARTS[name](context)
                context.notes[f"{name}_seconds"] = round(time.monotonic() - began, 1)
            described |= context.described()
        except ServerMissing as missing:
            print(f"benchmarks: not run for lack of {missing}", file=sys.stderr)
            return 1
        finally:
            context.close()
    print_table(context.figures)
    print(json.dumps(described))
    write_json(asked.json, described, context.figures)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", help=f"parts, separated by commas: {', '.join(PARTS)}")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the sustained load lasts (30)")
    parser.add_argument("--workspaces", type=int, default=5_000)
    parser.add_argument("--processes", type=int, default=2, help="API processes (2)")
    parser.add_argument("--workers", type=int, default=1, help="worker processes (1)")
    parser.add_argument("--growth-events", type=int, default=10_000_000, help="events prepared for growth")
    parser.add_argument("--keep", action="store_true", help="keep the data of growth in var/bench for the next run")
    parser.add_argument("--json", type=Path, default=ROOT / "var" / "bench.json", help="where the figures go")
    return parser


if __name__ == "__main__":
    sys.exit(main())
