"""How fast verify answers from a warm cache, beside a route that does nothing, while 4,000 events/s are settled."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from statistics import median

from benchmarks import programs
from benchmarks.context import Context
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.installation import Installation
from benchmarks.load import Generator, Load, Sent, send
from benchmarks.traffic import Traffic
from ccmanage.core.ids import HOLD, encode_id, new_id
from ccmanage.core.sql import BulkInsert
from ccmanage.usage.inbox import INBOX, NewBatch
from ccmanage.usage.intake import Rules, read_json
from ccmanage.usage.models import BatchKind
from ccmanage.usage.records import encode_payload, join_ids

_ROUNDS = 3
_CONNECTIONS = 64
_SETTLED_A_SECOND = 4_000.0
_KEYS_ASKED = 200
_HELD_EVENTS = 20_000

_HOLDS = BulkInsert(
    "holds",
    (
        "public_id",
        "workspace_id",
        "key_id",
        "gateway_id",
        "state",
        "amount_nano",
        "available_before_nano",
        "held_before_nano",
        "overdraft_nano",
        "ledger_seq",
        "created_at",
        "expires_at",
        "ended_at",
        "settlement_id",
    ),
    "biiiiiiiiiiiii",
)


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


def held(context: Context) -> None:
    """Settlement of events that each capture a hold, and of events without: the same number, one after the other."""
    installation = context.install("held")
    plain, with_holds = _settle(installation, holds=False), _settle(installation, holds=True)
    base = Figure("settled without holds", plain, "events/s")
    context.add(base, at_least("settled, each event captures a hold", with_holds, "events/s", of=base, share=0.9))
    context.audit(installation, "held")


def _settle(installation: Installation, *, holds: bool) -> float:
    """Put events into the inbox and settle them in this process; returns how many a second."""
    runtime, population = installation.runtime, installation.population
    now = runtime.clock.now_ms()
    rules = Rules(now, 90, runtime.digester.digest)
    bodies = Traffic(population.keys, 100, seed=int(holds)).bodies()
    names = [new_id() for _ in range(_HELD_EVENTS)] if holds else []
    place = {key: number for number, key in enumerate(population.keys, population.first_id)}
    rows, batches = [], []
    for start in range(0, _HELD_EVENTS, 100):
        events = json.loads(next(bodies))
        for offset, event in enumerate(events if holds else ()):
            name, workspace = names[start + offset], place[event["api_key"]]
            event["hold_id"] = encode_id(HOLD, name)
            rows.append((name, workspace, workspace, 1, 0, 1, 10**9, 0, 10**9, 0, now, now + 3_600_000, 0, 0))
        post = read_json(json.dumps(events).encode(), rules)
        batches.append(
            NewBatch(
                public_id=new_id(),
                gateway_id=1,
                kind=BatchKind.POST,
                received=post.received,
                rejected=0,
                received_at=now,
                payload=encode_payload(post.records),
                rejections=b"",
                ids=join_ids(post.ids),
            )
        )
    with runtime.scope() as scope:
        connection = scope.session.connection()
        _HOLDS.run(connection, rows)
        INBOX.run(connection, [batch.row() for batch in batches])
    began = time.perf_counter()
    settled = runtime.settler.run_pending()
    return settled.events / (time.perf_counter() - began)


def _asked(installation: Installation, address: str, path: str, expected: int, seconds: float) -> Load:
    population = installation.population
    keys = population.keys[:_KEYS_ASKED]
    questions = [{"api_key": key, "model": "claude-sonnet-4-5", "estimated_credits": "0.05"} for key in keys]
    bodies = tuple(json.dumps(question).encode() for question in questions)
    load = Load(address, population.token, keys, 1, _CONNECTIONS, seconds)
    return replace(load, path=path, expected=expected, bodies=bodies)
