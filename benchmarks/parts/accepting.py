"""How fast posts become durable, while nobody settles."""

from __future__ import annotations

from statistics import median

from benchmarks import programs
from benchmarks.context import Context
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.installation import Installation
from benchmarks.load import Load, Sent, send
from benchmarks.machine import Usage
from benchmarks.watch import serving

_ROUNDS = 3
_CONNECTIONS_OF_SINGLES = 64
_CONNECTIONS_OF_BATCHES = 16


def accepted(context: Context) -> None:
    """Posts of 100 events."""
    options = context.options
    installation = context.install("accepted")
    with installation.in_production(processes=options.processes, workers=0):
        load = _load(installation, installation.address, 100, _CONNECTIONS_OF_BATCHES, options.short)
        usage = Usage.start({**serving(installation), "mariadb": [context.servers.mariadb.pid]})
        sent = max((send(load) for _ in range(_ROUNDS)), key=lambda one: one.events_a_second)
        shares = usage.shares()
    context.notes["accepted"] = {"cores": shares, "p50_ms": sent.latency_ms(0.5), "p99_ms": sent.latency_ms(0.99)}
    context.add(
        at_least("accepted, posts of 100", sent.events_a_second, "events/s", least=25_000),
        Figure("accepted, posts of 100: p99", sent.latency_ms(0.99), "ms"),
        Figure("accepted, posts of 100: generator", sent.cpu_seconds / sent.seconds, "cores"),
        *_failures("accepted, posts of 100", sent),
    )
    context.audit(installation, "accepted")


def single(context: Context) -> None:
    """Posts of one event over 64 connections, beside a route that does nothing; in turns, within the same minute."""
    options = context.options
    installation = context.install("single")
    idle = programs.noop(installation.folder, installation.environment, options.processes)
    pairs: list[tuple[Sent, Sent]] = []
    with installation.in_production(processes=options.processes, workers=0), idle:
        for _ in range(_ROUNDS):
            found = [
                send(_load(installation, address, 1, _CONNECTIONS_OF_SINGLES, options.short / 2))
                for address in (idle.address, installation.address)
            ]
            pairs.append((found[0], found[1]))
    pairs.sort(key=lambda pair: pair[1].posts_a_second / pair[0].posts_a_second)
    nothing, ours = pairs[len(pairs) // 2]
    base = Figure("no-op, 64 connections", nothing.posts_a_second, "posts/s")
    slow = Figure("no-op: p99", median(pair[0].latency_ms(0.99) for pair in pairs), "ms")
    late = median(pair[1].latency_ms(0.99) for pair in pairs)
    context.add(
        base,
        slow,
        at_least("single-event posts, 64 connections", ours.posts_a_second, "posts/s", of=base, share=0.5),
        at_most("single-event posts: p99", late, "ms", 3, of=slow),
        Figure("single-event posts: generator", ours.cpu_seconds / ours.seconds, "cores"),
        *_failures("single-event posts", ours),
    )
    context.audit(installation, "single")


def _load(installation: Installation, address: str, size: int, connections: int, seconds: float) -> Load:
    population = installation.population
    return Load(address, population.token, population.keys, size, connections, seconds)


def _failures(name: str, sent: Sent) -> list[Figure]:
    return [at_most(f"{name}: refused", sent.refused, "posts", 0)] if sent.refused else []
