"""Write what a settlement planned, in few statements: rows sorted by key, so that writers meet in one order."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from ccmanage.core.ids import new_id
from ccmanage.core.sql import IN_LIST, BulkInsert, chunks, hexes, ints, select_in
from ccmanage.credits.holds import capture
from ccmanage.usage.models import Outcome
from ccmanage.usage.plan import Plan, Quarantined, Settled
from ccmanage.usage.records import describe

_SUMS = (
    "events",
    "errors",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "web_searches",
    "credits_nano",
)
_EVENTS = BulkInsert(
    "events",
    (
        "gateway_id",
        "event_id",
        "payload_hash",
        "workspace_id",
        "key_id",
        "user_id",
        "model_id",
        "project_id",
        "event_at",
        "received_at",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "web_searches",
        "service_tier",
        "speed",
        "geography",
        "is_error",
        "flags",
        "price_id",
        "credits_nano",
        "settlement_id",
        "session_label",
        "hold_id",
        "extra",
    ),
    "ibbiiiiiiiiiiiiiiiiiiiiibbb",
)
_ROLLUP_KEY = ("workspace_id", "slot", "key_id", "user_id", "model_id", "project_id")
_ROLLUPS = BulkInsert("rollups", (*_ROLLUP_KEY, *_SUMS, "sealed"), "i" * 16, key=_ROLLUP_KEY, add=_SUMS)
_SEALED = BulkInsert("rollups", (*_ROLLUP_KEY, *_SUMS, "sealed"), "i" * 16, key=_ROLLUP_KEY, put=("sealed",))
_INSTALLATION = BulkInsert(
    "installation_rollups", ("slot", "model_id", *_SUMS), "i" * 11, key=("slot", "model_id"), add=_SUMS
)
_OUTCOMES = BulkInsert(
    "batch_outcomes",
    (
        "batch_id",
        "settlement_id",
        "settled_at",
        "inserted",
        "duplicates",
        "conflicts",
        "quarantined",
        "unpriced",
        "credits_nano",
        "outcomes",
        "codes",
    ),
    "iiiiiiiiibb",
)
_QUARANTINE = BulkInsert(
    "quarantine",
    (
        "public_id",
        "gateway_id",
        "fingerprint",
        "state",
        "code",
        "detail",
        "event_id",
        "batch_id",
        "count",
        "first_seen_at",
        "last_seen_at",
        "resolved_at",
        "body",
    ),
    "bibibbbiiiiib",
    key=("gateway_id", "fingerprint"),
    add=("count",),
    # The body too: it may have been forgotten since.
    put=("last_seen_at", "body"),
)
_UNPRICED = BulkInsert(
    "unpriced_events", ("event_number", "model_id", "event_at", "workspace_id", "tokens", "settlement_id"), "iiiiii"
)
_ACTIVITY = BulkInsert(
    "gateway_activity",
    ("gateway_id", "last_post_at", "last_event_at", "received", "rejected"),
    "iiiii",
    key=("gateway_id",),
    add=("received", "rejected"),
    put=("last_post_at", "last_event_at"),
)


def write_plan(connection: Connection, plan: Plan, settlement_id: int, now: int) -> None:
    """Write events, sums, outcomes and quarantine, and mark the batches settled."""
    _EVENTS.run(connection, plan.events)
    capture(connection, plan.captured, settlement_id, now)
    write_rollups(connection, plan.rollups)
    _write_unpriced(connection, plan.unpriced)
    _write_quarantine(connection, plan.quarantined, now)
    _OUTCOMES.run(connection, [_outcome_row(settled, settlement_id, now) for settled in plan.settled])
    _ACTIVITY.run(connection, _activity(plan))
    for part in chunks((settled.batch.id for settled in plan.settled), IN_LIST):
        connection.exec_driver_sql(
            f"UPDATE inbox_batches SET state = 1, payload = NULL, rejections = NULL WHERE id IN ({ints(part)})"
        )


def write_rollups(connection: Connection, rollups: dict[tuple[int, ...], list[int]]) -> None:
    """Add sums to the workspaces' rollups and to the installation's."""
    _ROLLUPS.run(connection, [(*key, *sums, 0) for key, sums in sorted(rollups.items())])
    installation: dict[tuple[int, int], list[int]] = {}
    for key, sums in rollups.items():
        whole = installation.setdefault((key[1], key[4]), [0] * len(_SUMS))
        for place, value in enumerate(sums):
            whole[place] += value
    _INSTALLATION.run(connection, [(*key, *sums) for key, sums in sorted(installation.items())])


def seal_rollups(connection: Connection, keys: Iterable[tuple[int, ...]]) -> None:
    """Note that events of these sums are gone: the sums stand on their own from here on."""
    _SEALED.run(connection, [(*key, *[0] * len(_SUMS), 1) for key in sorted(set(keys))])


def _write_unpriced(connection: Connection, names: Iterable[tuple[int, str]]) -> None:
    by_gateway: dict[int, list[bytes]] = defaultdict(list)
    for gateway_id, event_id in names:
        by_gateway[gateway_id].append(event_id.encode())
    for gateway_id, event_ids in by_gateway.items():
        text = (
            "SELECT id, model_id, event_at, workspace_id, input_tokens + output_tokens + cache_read_tokens"
            " + cache_write_5m_tokens + cache_write_1h_tokens, 0 FROM events"
            f" WHERE gateway_id = {gateway_id:d} AND event_id IN ({{}})"
        )
        _UNPRICED.run(connection, [tuple(row) for row in select_in(connection, text, event_ids)])


def _write_quarantine(connection: Connection, items: list[Quarantined], now: int) -> None:
    """Count repeats; what was posted anew and failed again is open again, what was put away stays away."""
    _QUARANTINE.run(connection, [_quarantine_row(item, now) for item in items])
    by_gateway: dict[int, set[bytes]] = defaultdict(set)
    for item in items:
        by_gateway[item.gateway_id].add(item.fingerprint)
    for gateway_id, fingerprints in by_gateway.items():
        for part in chunks(sorted(fingerprints), IN_LIST):
            connection.exec_driver_sql(
                "UPDATE quarantine SET state = 0, resolved_at = 0"
                f" WHERE gateway_id = {gateway_id:d} AND fingerprint IN ({hexes(part)}) AND state = 1"
            )


def _outcome_row(settled: Settled, settlement_id: int, now: int) -> tuple[Any, ...]:
    outcomes = settled.outcomes
    unpriced = outcomes.count(Outcome.UNPRICED)
    return (
        settled.batch.id,
        settlement_id,
        now,
        outcomes.count(Outcome.INSERTED) + unpriced,
        outcomes.count(Outcome.DUPLICATE),
        outcomes.count(Outcome.CONFLICT),
        outcomes.count(Outcome.QUARANTINED),
        unpriced,
        settled.credits,
        bytes(outcomes),
        json.dumps(settled.codes).encode() if settled.codes else b"",
    )


def _quarantine_row(item: Quarantined, now: int) -> tuple[Any, ...]:
    body = json.dumps(describe(item.record)).encode() if item.record else item.body
    return (
        new_id(),
        item.gateway_id,
        item.fingerprint,
        0,
        item.code.encode()[:64],
        item.detail.encode()[:500],
        item.event_id.encode()[:200],
        item.batch_id,
        1,
        now,
        now,
        0,
        body,
    )


def _activity(plan: Plan) -> list[tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for settled in plan.settled:
        batch = settled.batch
        sums = found.setdefault(batch.gateway_id, [0, 0, 0, 0])
        sums[0] = max(sums[0], batch.received_at)
        sums[1] = max(sums[1], max((record.identity.at for record in batch.records), default=0))
        sums[2] += batch.received
        sums[3] += len(batch.rejections)
    return [(gateway_id, *sums) for gateway_id, sums in sorted(found.items())]
