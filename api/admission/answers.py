"""What verify answers, as bytes. Kept with the snapshot wherever nothing of it was counted."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from ccmanage.admission.rules import CONCURRENCY, Code, Counts, Measure, Meter, Snapshot, meter_named
from ccmanage.admission.verifying import Answer
from ccmanage.core.clock import SECOND, to_rfc3339
from ccmanage.core.ids import KEY, LEASE, WORKSPACE, encode_id
from ccmanage.core.money import format_credits

_encode = msgspec.json.Encoder().encode
# Without a window that says when it ends: somebody else's call has to end first.
_SOON_SECONDS = 1


def answer_body(answer: Answer, now: int) -> bytes:
    """Write an answer as the contract says."""
    entry, verdict = answer.entry, answer.verdict
    found = entry.snapshot
    if found is None or found.requests or found.concurrency or verdict.exceeded:
        return _encode(_fields(answer, found, now))
    body = entry.bodies.get((verdict.code, answer.degraded))
    if body is None:
        body = entry.bodies[verdict.code, answer.degraded] = _encode(_fields(answer, found, now))
    return body


def _fields(answer: Answer, found: Snapshot | None, now: int) -> dict[str, Any]:
    verdict = answer.verdict
    fields: dict[str, Any] = {
        "valid": verdict.code is Code.VALID,
        "code": verdict.code.value,
        "key_id": None,
        "workspace_id": None,
        "balance": None,
        "available": None,
        "unlimited": False,
        "limits": [],
        "resets_at": None,
        "expires_at": None,
        "exceeded": verdict.exceeded or None,
        "retry_after_seconds": _retry_after(verdict.exceeded, found, now),
        "degraded": answer.degraded,
        "lease": None,
    }
    if found is None:
        return fields
    fields |= {
        "key_id": encode_id(KEY, found.key_public_id),
        "workspace_id": encode_id(WORKSPACE, found.workspace_public_id),
        "balance": format_credits(found.balance),
        "available": format_credits(found.available),
        "unlimited": found.is_unlimited,
        "limits": [
            {
                "name": line.name,
                "limit": line.limit,
                "remaining": line.remaining,
                "reset_at": to_rfc3339(line.resets_at) if line.resets_at else None,
            }
            for line in limit_lines(found, answer.counts)
        ],
        "resets_at": to_rfc3339(found.resets_at) if found.resets_at else None,
        "expires_at": to_rfc3339(found.expires_at) if found.expires_at else None,
    }
    if answer.lease:
        fields["lease"] = {"id": encode_id(LEASE, answer.lease), "expires_at": to_rfc3339(answer.lease_until)}
    return fields


class LimitLine(NamedTuple):
    """A limit with what is left of it; credits as decimal strings. It resets at 0: not by itself."""

    name: str
    limit: int | str
    remaining: int | str
    resets_at: int


def limit_lines(found: Snapshot, counts: Counts) -> Iterator[LimitLine]:
    """Yield the limits of a key with what is left of them."""
    for place, meter in enumerate(found.requests):
        yield _line(meter, counts.requests[place] if place < len(counts.requests) else 0)
    for meter in found.meters:
        yield _line(meter, meter.used)
    if found.concurrency:
        yield LimitLine(CONCURRENCY, found.concurrency, max(found.concurrency - counts.leases, 0), 0)


def _line(meter: Meter, used: int) -> LimitLine:
    left = max(meter.limit - used, 0)
    if meter.measure is Measure.CREDITS:
        return LimitLine(meter.name, format_credits(meter.limit), format_credits(left), meter.resets_at)
    return LimitLine(meter.name, meter.limit, left, meter.resets_at)


def _retry_after(exceeded: str, found: Snapshot | None, now: int) -> int | None:
    if not exceeded or found is None:
        return None
    meter = meter_named(found, exceeded)
    return max(-((now - meter.resets_at) // SECOND), _SOON_SECONDS) if meter else _SOON_SECONDS
