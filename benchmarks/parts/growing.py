"""What stays as fast with millions of events in the tables: settling, the overview, the audit."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from benchmarks import programs
from benchmarks.context import Context
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.history import DAYS, History, fill_inbox
from benchmarks.installation import Installation, Servers, install, running_servers
from benchmarks.load import Generator, Load
from benchmarks.screens import Screen
from benchmarks.watch import Watch
from ccmanage.core.ids import WORKSPACE, encode_id

_ROUNDS = 3
# Events gathered for each second of a short measurement.
_BACKLOG = 10_000
_SCREENS_MS = 50.0
_AUDIT_MB = 300.0
_RATE_BESIDE_AUDIT = 2_000.0
_LONGEST_SECONDS = 3_600.0
# By rank of the workspaces that call most: the largest, large ones, ordinary ones.
_LOOKED_AT = (0, 1, 2, 5, 10, 20, 50, 100, 500, 1_000)


def growth(context: Context) -> None:
    """Compare a grown installation with an empty one, look at its screens, audit it beside a running load."""
    with ExitStack() as stack:
        servers = _servers(context, stack)
        grown = grown_installation(context, servers)
        stack.callback(grown.close)
        name = f"empty_{int(time.time())}"
        empty = install(servers, name, context.options.workspaces)
        stack.callback(servers.mariadb.drop_database, name)
        stack.callback(empty.close)
        _settling(context, empty, grown)
        with grown.in_production(processes=context.options.processes, workers=context.options.workers):
            _screens(context, grown, "")
            _audit(context, grown)


def grown_installation(context: Context, servers: Servers) -> Installation:
    """Return the installation with millions of events, prepared now or kept from an earlier run."""
    options = context.options
    installation = install(servers, "grown", options.workspaces, days_ago=DAYS)
    done = installation.folder / "history.json"
    if not done.exists():
        began = time.monotonic()
        context.say(f"preparing {options.growth_events:,} events")
        History(installation, options.growth_events, context.say).write(servers)
        context.say(f"  took {time.monotonic() - began:.0f} s")
        done.write_text(json.dumps({"events": options.growth_events}), encoding="utf-8")
    installation.catch_up()
    with installation.runtime.database.engine.connect() as connection:
        events = connection.exec_driver_sql("SELECT SUM(events) FROM settlements").scalar_one()
    context.add(Figure("growth: events in the tables", float(events), "events"))
    return installation


def _servers(context: Context, stack: ExitStack) -> Servers:
    """Return the servers: those of the run, or own ones in a folder that is kept."""
    if context.options.keep is None:
        return context.servers
    folder = context.options.keep / f"growth-{context.options.growth_events}"
    return stack.enter_context(running_servers(folder))


def _settling(context: Context, empty: Installation, grown: Installation) -> None:
    """Let the same backlog be settled on both, in turns."""
    events = int(context.options.short * _BACKLOG)
    # A server that was started for this run has yet to read what it works on; one in life has done so long ago.
    drain_speed(grown, events)
    speeds = [(drain_speed(empty, events), drain_speed(grown, events)) for _ in range(_ROUNDS)]
    speeds.sort(key=lambda pair: pair[1] / pair[0] if pair[0] else 0.0)
    on_empty, on_grown = speeds[len(speeds) // 2]
    base = Figure("settling a backlog, empty tables", on_empty, "events/s")
    context.add(base, at_least("settling a backlog, grown tables", on_grown, "events/s", of=base, share=0.8))


def drain_speed(installation: Installation, events: int) -> float:
    """Gather a backlog while the lane is held, then let a worker settle it; returns events a second."""
    worker = programs.worker(installation.folder, installation.environment, 1)
    with installation.run(worker):
        with held_lane(installation):
            fill_inbox(installation, events, seed=time.time_ns())
            watch = Watch(installation)
        watch.drain(_LONGEST_SECONDS)
        return watch.pace()


@contextmanager
def held_lane(installation: Installation) -> Iterator[None]:
    """Keep every settler out."""
    with installation.runtime.database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT lane FROM settlement_lanes FOR UPDATE")
        yield


def _screens(context: Context, installation: Installation, when: str) -> None:
    """Ask what the overview asks, of large workspaces and small ones."""
    screen = Screen(installation)
    times = screen.time(_ranked(installation))
    screen.close()
    for name, found in times.items():
        p95 = found[int(len(found) * 0.95)]
        figure = f"{name}, p95{when}"
        context.add(Figure(figure, p95, "ms") if when else at_most(figure, p95, "ms", _SCREENS_MS))


def _ranked(installation: Installation) -> list[str]:
    """Return workspaces by how much they used, at some ranks."""
    with installation.runtime.database.engine.connect() as connection:
        ids = connection.exec_driver_sql(
            "SELECT w.public_id FROM balances b JOIN workspaces w ON w.id = b.workspace_id ORDER BY b.spent_nano DESC"
        )
        found = [encode_id(WORKSPACE, bytes(row[0])) for row in ids]
    return [found[rank] for rank in _LOOKED_AT if rank < len(found)]


def _audit(context: Context, installation: Installation) -> None:
    """Audit everything while posts come in, and ask for the screens meanwhile."""
    population = installation.population
    load = Load(
        installation.address, population.token, population.keys, 100, 4, _LONGEST_SECONDS, _RATE_BESIDE_AUDIT, seed=31
    )
    with Generator(load) as generator, ThreadPoolExecutor(1) as aside:
        watch = Watch(installation)
        generator.go()
        auditing = aside.submit(installation.audit)
        _screens(context, installation, " (beside load and audit)")
        while not auditing.done():
            time.sleep(0.5)
            watch.look()
        audited = auditing.result()
    watch.drain()
    context.add(
        at_most("audit --full beside a load", audited.findings, "findings", 0),
        Figure("audit --full: time", audited.seconds, "s"),
        at_most("audit --full: memory", audited.peak_mb, "MB", _AUDIT_MB),
        Figure("audit --full: settled meanwhile", watch.settled_a_second(), "events/s"),
    )
