"""How fast verify answers from a warm cache, beside a route that does nothing, while 4,000 events/s are settled."""

from __future__ import annotations

import json
from dataclasses import replace
from statistics import median

from benchmarks import programs
from benchmarks.context import Context
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.installation import Installation
from benchmarks.load import Generator, Load, Sent, send

_ROUNDS = 3
_CONNECTIONS = 64
_SETTLED_A_SECOND = 4_000.0
_KEYS_ASKED = 200


def verified(context: Context) -> None:
    """Verify and the no-op, in turns, with the same settlement beside both."""
    options = context.options
    installation = context.install("verified")
    idle = programs.noop(installation.folder, installation.environment, options.processes)
    seconds = options.short / 2
    pairs: list[tuple[Sent, Sent]] = []
    with installation.in_production(processes=options.processes, workers=options.workers), idle:
        beside = Load(
            installation.address,
            installation.population.token,
            installation.population.keys,
            100,
            8,
            seconds * (2 * _ROUNDS + 2),
            rate=_SETTLED_A_SECOND,
        )
        with Generator(beside) as settling:
            settling.go()
            # Warms the cache.
            send(_asked(installation, installation.address, "/v1/keys/verify", 200, min(seconds, 2.0)))
            for _ in range(_ROUNDS):
                nothing = send(_asked(installation, idle.address, "/v1/events", 202, seconds))
                ours = send(_asked(installation, installation.address, "/v1/keys/verify", 200, seconds))
                pairs.append((nothing, ours))
            posted = settling.result()
    pairs.sort(key=lambda pair: pair[1].posts_a_second / max(pair[0].posts_a_second, 1))
    nothing, ours = pairs[len(pairs) // 2]
    base = Figure("no-op beside settlement, 64 connections", nothing.posts_a_second, "requests/s")
    slow = Figure("no-op beside settlement: p99", median(pair[0].latency_ms(0.99) for pair in pairs), "ms")
    late = median(pair[1].latency_ms(0.99) for pair in pairs)
    context.add(
        base,
        slow,
        at_least("verify, warm, 64 connections", ours.posts_a_second, "requests/s", of=base, share=0.7),
        at_most("verify, warm: p99", late, "ms", 3, of=slow),
        Figure("verify: events posted beside", posted.events_a_second, "events/s"),
        *([at_most("verify: refused", ours.refused, "requests", 0)] if ours.refused else []),
    )
    context.audit(installation, "verified")


def _asked(installation: Installation, address: str, path: str, expected: int, seconds: float) -> Load:
    population = installation.population
    keys = population.keys[:_KEYS_ASKED]
    questions = [{"api_key": key, "model": "claude-sonnet-4-5", "estimated_credits": "0.05"} for key in keys]
    bodies = tuple(json.dumps(question).encode() for question in questions)
    load = Load(address, population.token, keys, 1, _CONNECTIONS, seconds)
    return replace(load, path=path, expected=expected, bodies=bodies)
