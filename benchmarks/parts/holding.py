"""What thresholds and holds cost the settlement: the same events with them and without, in turns.

Every workspace has thresholds, some of which are crossed, and every fifth event captures a hold. The fifth is an
assumption: each hold is made by a call and a transaction of its own, so not every event can have one, but how many
can be made a second is not measured here. The share when each event captures one is told beside it.
"""

from __future__ import annotations

import json
import time
from statistics import median

from benchmarks.context import Context
from benchmarks.figures import Figure, at_least
from benchmarks.installation import Installation
from benchmarks.traffic import Traffic
from ccmanage.core.ids import HOLD, encode_id, new_id
from ccmanage.core.money import NANO
from ccmanage.core.sql import BulkInsert
from ccmanage.notifications.rules import AMOUNT_LEFT
from ccmanage.usage.inbox import INBOX, NewBatch
from ccmanage.usage.intake import Rules, read_json
from ccmanage.usage.models import BatchKind
from ccmanage.usage.records import encode_payload, join_ids

_ROUNDS = 5
_EVENTS = 20_000
_POST = 100
# Of so many events one captures a hold.
_SHARE = 5
_HOUR_MS = 3_600_000
# A workspace is told when it has used so many credits.
_TOLD_AT = (1, 10, 100)

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
_THRESHOLDS = BulkInsert(
    "alert_thresholds",
    (
        "public_id",
        "workspace_id",
        "user_id",
        "kind",
        "value",
        "amount_nano",
        "armed",
        "period",
        "by_mail",
        "by_webhook",
        "zone",
        "fired_at",
        "created_at",
    ),
    "biiiiiiiiibii",
)


def held(context: Context) -> None:
    """Settle in this process, without HTTP and queue beside it."""
    plain, watched = context.install("plain"), context.install("held")
    _watch(watched)
    pairs, every = [], []
    for seed in range(_ROUNDS):
        pairs.append((_settle(plain, seed, hold_every=0), _settle(watched, seed, hold_every=_SHARE)))
        every.append((_settle(plain, -seed - 1, hold_every=0), _settle(watched, -seed - 1, hold_every=1)))
    pairs.sort(key=lambda pair: pair[1] / pair[0])
    without, with_them = pairs[len(pairs) // 2]
    base = Figure("settled without thresholds and holds", without, "events/s")
    context.add(
        base,
        at_least("settled with thresholds, every fifth captures a hold", with_them, "events/s", of=base, share=0.9),
        Figure("share when each event captures a hold", median(one[1] / one[0] for one in every), "x"),
        Figure("alerts found meanwhile", float(_count(watched, "alerts")), "alerts"),
    )
    context.audit(plain, "settling without holds")
    context.audit(watched, "held")


def _watch(installation: Installation) -> None:
    """Give every workspace its thresholds."""
    now = installation.runtime.clock.now_ms()
    with installation.runtime.scope() as scope:
        connection = scope.session.connection()
        balances = connection.exec_driver_sql("SELECT workspace_id, balance_nano FROM balances WHERE balance_nano > 0")
        rows = []
        for workspace_id, balance in balances.all():
            for credits in _TOLD_AT:
                amount = balance - credits * NANO
                rows.append((new_id(), workspace_id, 0, AMOUNT_LEFT, amount, amount, 1, 1, 0, 0, b"UTC", 0, now))
        _THRESHOLDS.run(connection, rows)
        connection.exec_driver_sql(
            f"UPDATE balances SET threshold_nano = balance_nano - {_TOLD_AT[0] * NANO:d} WHERE balance_nano > 0"
        )


def _settle(installation: Installation, seed: int, *, hold_every: int) -> float:
    """Put events into the inbox and settle them; returns how many a second."""
    runtime, population = installation.runtime, installation.population
    now = runtime.clock.now_ms()
    rules = Rules(now, 90, runtime.digester.digest)
    bodies = Traffic(population.keys, _POST, seed=seed).bodies()
    place = {key: number for number, key in enumerate(population.keys, population.first_id)}
    holds, batches = [], []
    for _ in range(_EVENTS // _POST):
        events = json.loads(next(bodies))
        for event in events[::hold_every] if hold_every else ():
            name, workspace = new_id(), place[event["api_key"]]
            event["hold_id"] = encode_id(HOLD, name)
            holds.append((name, workspace, workspace, 1, 0, 1, 10**9, 0, 10**9, 0, now, now + _HOUR_MS, 0, 0))
        batches.append(_batch(json.dumps(events).encode(), rules, now))
    with runtime.scope() as scope:
        connection = scope.session.connection()
        _HOLDS.run(connection, holds)
        INBOX.run(connection, [batch.row() for batch in batches])
    captured = _count(installation, "holds WHERE settlement_id > 0")
    began = time.perf_counter()
    settled = runtime.settler.run_pending()
    seconds = time.perf_counter() - began
    if _count(installation, "holds WHERE settlement_id > 0") - captured != len(holds):
        raise AssertionError("events did not capture the holds that they name")
    return settled.events / seconds


def _batch(body: bytes, rules: Rules, now: int) -> NewBatch:
    post = read_json(body, rules)
    return NewBatch(
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


def _count(installation: Installation, what: str) -> int:
    with installation.runtime.database.engine.connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT COUNT(*) FROM {what}").scalar_one())
