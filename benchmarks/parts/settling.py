"""Accepted and settled: the rate that an installation sustains, beside the floor."""

from __future__ import annotations

import time

from benchmarks.context import Context
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.floor import Floor
from benchmarks.installation import Installation, install_embedded
from benchmarks.load import Generator, Load, Sent
from benchmarks.machine import Usage
from benchmarks.watch import Look, Watch, serving

CONNECTIONS = 16
_TRIES = 4
_MARGIN = 0.95
_LESS = 0.92
_MORE = 1.08
_SHORTEST_SEARCH_SECONDS = 6.0
_LONGEST_BACKLOG_SECONDS = 2.0
_AIMED_BACKLOG_SECONDS = 0.8
_FIRST_RATE = 12_000.0


def zipf(context: Context) -> None:
    """Workspaces as in life: a few call most."""
    options = context.options
    installation = context.install("zipf")
    with installation.in_production(processes=options.processes, workers=options.workers):
        run = sustain(context, installation, options.seconds, uniform=False)
    floor = measure_floor(context, "zipf", run.size, uniform=False)
    context.add(
        floor,
        at_least("settled, Zipf", run.rate, "events/s", least=10_000, of=floor, share=0.5),
        *run.figures("settled, Zipf"),
        at_most("memory: API process", run.watch.peaks_mb["api"], "MB", 150),
        at_most("memory: worker process", run.watch.peaks_mb["worker"], "MB", 150),
    )
    context.audit(installation, "settled_zipf")


def embedded(context: Context) -> None:
    """Everything in one process on SQLite."""
    options = context.options
    context.say(f"embedded: {options.workspaces:,} workspaces")
    installation = install_embedded(context.folder / "embedded", options.workspaces)
    with installation.embedded():
        run = sustain(context, installation, options.short, uniform=False)
    context.add(
        at_least("embedded, settled", run.rate, "events/s", least=4_000),
        *run.figures("embedded, settled"),
        Figure("memory: embedded process", run.watch.peaks_mb["up"], "MB"),
    )
    context.audit(installation, "embedded")
    installation.close()


def uniform(context: Context) -> None:
    """All workspaces alike, the worst case."""
    options = context.options
    installation = context.install("uniform")
    with installation.in_production(processes=options.processes, workers=options.workers):
        run = sustain(context, installation, options.short, uniform=True)
    floor = measure_floor(context, "uniform", run.size, uniform=True)
    context.add(floor, at_least("settled, uniform", run.rate, "events/s", of=floor, share=0.5))
    context.add(*run.figures("settled, uniform"))
    context.audit(installation, "settled_uniform")


class Sustained:
    """What held for the whole of a run at a fixed rate."""

    def __init__(self, watch: Watch, sent: Sent, asked: float, drained_seconds: float, cores: dict[str, float]) -> None:
        self.watch = watch
        self.sent = sent
        self.drained_seconds = drained_seconds
        self.cores = cores
        self.asked = asked
        self.rate = min(sent.events_a_second, watch.settled_a_second(until=watch.looks[0].at + sent.seconds + 0.5))
        self.backlog_seconds = max(look.pending for look in watch.looks) / asked
        self.size = int(watch.settlement_size())

    @property
    def holds(self) -> bool:
        """Whether the backlog stayed short and everything was accepted."""
        in_time = max(self.backlog_seconds, self.drained_seconds) <= _LONGEST_BACKLOG_SECONDS
        return in_time and not self.sent.refused

    def figures(self, name: str) -> list[Figure]:
        """Return what belongs to the speed."""
        return [
            at_most(f"{name}: backlog", self.backlog_seconds, "s of input", _LONGEST_BACKLOG_SECONDS),
            at_most(f"{name}: empty after the load", self.drained_seconds, "s", _LONGEST_BACKLOG_SECONDS),
            at_most(f"{name}: refused", self.sent.refused, "posts", 0),
            Figure(f"{name}: p99 of the answer", self.sent.latency_ms(0.99), "ms"),
            Figure(f"{name}: events a settlement", self.size, "events"),
        ]


def sustain(context: Context, installation: Installation, seconds: float, *, uniform: bool) -> Sustained:
    """Find the highest rate that is held for the whole time: begin near what was found, then less or more."""
    rate = find_rate(installation, max(seconds / 3, _SHORTEST_SEARCH_SECONDS), uniform=uniform) * _MARGIN
    best: Sustained | None = None
    for _ in range(_TRIES):
        context.say(f"holding {rate:,.0f} events/s for {seconds:g} s")
        run = hold(context, installation, seconds, rate, uniform=uniform)
        cores = ", ".join(f"{name} {share:.2f}" for name, share in run.cores.items())
        context.say(f"  settled {run.rate:,.0f}, backlog {run.backlog_seconds:.2f} s; cores: {cores}")
        if run.holds:
            best = run
            if run.backlog_seconds > _AIMED_BACKLOG_SECONDS:
                break
            rate *= _MORE
        elif best is not None:
            break
        else:
            rate *= _LESS
    return best or run


def find_rate(installation: Installation, seconds: float, *, uniform: bool) -> float:
    """Return how many events a second are settled while the load follows the backlog."""
    rate = _FIRST_RATE
    watch = Watch(installation)
    with Generator(_load(installation, seconds, rate, uniform=uniform, seed=11)) as generator:

        def follow(look: Look) -> None:
            nonlocal rate
            error = _AIMED_BACKLOG_SECONDS - look.pending / rate
            rate = max(rate * min(max(1 + 0.15 * error, 0.85), 1.1), 200.0)
            generator.pace(rate)

        began = time.monotonic()
        generator.go()
        watch.follow(generator, follow)
        found = watch.settled_a_second(since=began + seconds * 0.3)
    watch.drain()
    return found


def hold(context: Context, installation: Installation, seconds: float, rate: float, *, uniform: bool) -> Sustained:
    """Post at a fixed rate, then wait until all is settled."""
    groups = serving(installation)
    if "up" not in groups:
        groups |= {"mariadb": [context.servers.mariadb.pid], "redis": [context.servers.redis.pid]}
    with Generator(_load(installation, seconds, rate, uniform=uniform, seed=12)) as generator:
        watch = Watch(installation)
        usage = Usage.start({**groups, "generator": [generator.pid]})
        generator.go()
        watch.follow(generator)
        cores = usage.shares()
        sent = generator.result()
    return Sustained(watch, sent, rate, watch.drain(), cores)


def measure_floor(context: Context, name: str, size: int, *, uniform: bool) -> Figure:
    """Run the bare script with the same settlement size, on a database of its own."""
    installation = context.install(f"floor_{name}")
    floor = Floor(installation, uniform=uniform)
    try:
        floor.run(context.options.short / 4, size)
        speed = floor.run(context.options.short, size)
    finally:
        floor.close()
    return Figure(f"floor, {name}", speed, "events/s")


def _load(installation: Installation, seconds: float, rate: float, *, uniform: bool, seed: int) -> Load:
    population = installation.population
    return Load(
        installation.address,
        population.token,
        population.keys,
        100,
        CONNECTIONS,
        seconds,
        rate,
        uniform=uniform,
        seed=seed,
    )
