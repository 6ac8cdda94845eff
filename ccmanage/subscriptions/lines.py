"""The entries of a change as people are shown them, and as a preview keeps them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ccmanage.credits.models import EntryKind
from ccmanage.credits.service import CreditService
from ccmanage.subscriptions.desk import Outcome
from ccmanage.subscriptions.turning import Part


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A movement: of which grant, in which part of the change. A grant that is only tried out has no id."""

    kind: EntryKind
    amount_nano: int
    part: Part | None
    grant_id: bytes | None
    balance_after_nano: int


def lines_of(outcome: Outcome, credits: CreditService) -> list[EntryLine]:
    """Return the entries of an outcome, their grants by outside ids."""
    grants = credits.grants_by_number(sorted({entry.movement.grant_id for entry in outcome.entries}))
    lines = []
    for movement, balance_after in outcome.entries:
        grant = grants.get(movement.grant_id)
        lines.append(
            EntryLine(
                kind=EntryKind(movement.kind),
                amount_nano=movement.amount,
                part=outcome.done.parts.get(movement.grant_id),
                grant_id=bytes(grant.public_id) if grant else None,
                balance_after_nano=balance_after,
            )
        )
    return lines


def pack(lines: Sequence[EntryLine]) -> bytes:
    """Write lines as a preview keeps them."""
    rows = [
        [
            int(line.kind),
            line.amount_nano,
            line.part,
            line.grant_id.hex() if line.grant_id else None,
            line.balance_after_nano,
        ]
        for line in lines
    ]
    return json.dumps(rows).encode()


def unpack(kept: bytes) -> list[EntryLine]:
    """Read the lines of a preview."""
    return [
        EntryLine(EntryKind(kind), amount, Part(part) if part else None, bytes.fromhex(grant) if grant else None, after)
        for kind, amount, part, grant, after in json.loads(kept)
    ]
