"""Deal with events that could not be settled: look at them, post them anew, put them away."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ccmanage.audit.service import AuditService
from ccmanage.core.ids import BATCH, QUARANTINE, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.uow import UnitOfWork
from ccmanage.usage.errors import CannotRedrive, QuarantineNotFound
from ccmanage.usage.inbox import INBOX, NewBatch
from ccmanage.usage.models import BatchKind, QuarantinedEvent, QuarantineState
from ccmanage.usage.records import encode_payload, join_ids, restore
from ccmanage.usage.repository import QuarantineRepository
from ccmanage.usage.tasks import SettleUsage

# What would only fail the same way again, or was never a whole event.
_FINAL_CODES = ("event.conflict",)


@dataclass(frozen=True, slots=True)
class Redriven:
    """The batch in which an event was posted anew."""

    batch_id: str
    event: QuarantinedEvent


class QuarantineService:
    """Use cases of the quarantine. Rows are resolved, never deleted."""

    def __init__(self, uow: UnitOfWork, repository: QuarantineRepository, audit: AuditService) -> None:
        self._uow = uow
        self._repository = repository
        self._audit = audit

    def page(
        self, ask: PageRequest, *, is_open: bool = True, code: str | None = None, gateway_id: int | None = None
    ) -> Page[QuarantinedEvent]:
        """Return quarantined events, newest first."""
        states: Sequence[QuarantineState] = (
            [QuarantineState.OPEN] if is_open else [QuarantineState.REDRIVEN, QuarantineState.DISMISSED]
        )
        return self._repository.page_of(ask, states, code=code, gateway_id=gateway_id)

    def count_open(self) -> int:
        """Return how many wait for somebody."""
        return self._repository.count_open()

    def redrive(self, public_id: bytes, *, key_id: bytes | None) -> Redriven:
        """Post an event anew, with another key if one is assigned; raises CannotRedrive, QuarantineNotFound."""
        row = self._open(public_id)
        fields = body_of(row)
        if row.code.decode() in _FINAL_CODES or "key_digest" not in fields:
            raise CannotRedrive("This event cannot be posted anew; its gateway has to send it in another form.")
        record = restore(dict(fields), row.fingerprint, key=key_id)
        batch = NewBatch(
            public_id=new_id(),
            gateway_id=row.gateway_id,
            kind=BatchKind.REDRIVE,
            received=1,
            rejected=0,
            received_at=self._uow.clock.now_ms(),
            payload=encode_payload([record]),
            rejections=b"",
            ids=join_ids([fields["id"]]),
        )
        INBOX.run(self._repository.connection, [batch.row()])
        self._resolve(row, QuarantineState.REDRIVEN)
        self._uow.enqueue(SettleUsage())
        self._audit.record(
            "quarantine.redrive",
            ("quarantine", encode_id(QUARANTINE, row.public_id)),
            after={"batch": encode_id(BATCH, batch.public_id), "with_key": key_id is not None},
        )
        return Redriven(encode_id(BATCH, batch.public_id), row)

    def dismiss(self, public_id: bytes, reason: str) -> QuarantinedEvent:
        """Put an event away uncharged; it stays on record. Raises CannotRedrive, QuarantineNotFound."""
        row = self._open(public_id)
        self._resolve(row, QuarantineState.DISMISSED)
        self._audit.record("quarantine.dismiss", ("quarantine", encode_id(QUARANTINE, row.public_id)), reason=reason)
        return row

    def _open(self, public_id: bytes) -> QuarantinedEvent:
        found = self._repository.by_public_id(public_id)
        row = self._repository.lock(found.id) if found else None
        if row is None:
            raise QuarantineNotFound
        if row.state != QuarantineState.OPEN:
            raise CannotRedrive("Somebody has dealt with this event already.")
        return row

    def _resolve(self, row: QuarantinedEvent, state: QuarantineState) -> None:
        row.state = state
        row.resolved_at = self._uow.clock.now_ms()
        self._repository.session.flush()


def body_of(row: QuarantinedEvent) -> Mapping[str, Any]:
    """Return the whitelisted fields of a quarantined event."""
    found: Mapping[str, Any] = json.loads(row.body) if row.body else {}
    return found
