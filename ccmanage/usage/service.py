"""Read batches; keep the inbox moving."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ccmanage.core.clock import SECOND
from ccmanage.core.uow import UnitOfWork
from ccmanage.usage.errors import BatchNotFound
from ccmanage.usage.models import BatchOutcome, InboxBatch, Outcome
from ccmanage.usage.records import split_ids
from ccmanage.usage.repository import Backlog, BatchRepository, UnpricedModel
from ccmanage.usage.tasks import ChargeLatePrices, SettleUsage

__all__ = ["Backlog", "BatchView", "Item", "UsageService"]

STUCK_MS = 3 * SECOND


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one item of a batch."""

    index: int
    id: str
    outcome: Outcome
    credits_nano: int
    code: str | None


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch as its gateway sees it; `outcome` is None while it is pending."""

    batch: InboxBatch
    outcome: BatchOutcome | None
    items: Sequence[Item]


class UsageService:
    """Use cases around the inbox. Settling itself stands in `settlement`."""

    def __init__(self, uow: UnitOfWork, repository: BatchRepository) -> None:
        self._uow = uow
        self._repository = repository

    def batch(self, public_id: bytes, *, gateway_id: int | None) -> BatchView:
        """Return a batch with an outcome for each item; another gateway's raises BatchNotFound."""
        batch = self._repository.by_public_id(public_id)
        if batch is None or (gateway_id is not None and batch.gateway_id != gateway_id):
            raise BatchNotFound
        outcome = self._repository.outcome(batch.id)
        return BatchView(batch, outcome, self._items(batch, outcome) if outcome else [])

    def settled_among(self, public_ids: Sequence[bytes]) -> set[bytes]:
        """Return those of the batches that are settled."""
        return self._repository.settled_among(public_ids) if public_ids else set()

    def backlog(self) -> Backlog:
        """Return what waits to be settled."""
        return self._repository.backlog()

    def unpriced_count(self) -> int:
        """Return how many events wait for a price."""
        return self._repository.unpriced_count()

    def unpriced_models(self) -> list[UnpricedModel]:
        """Return the models whose events wait for a price, the one with most events first."""
        return self._repository.unpriced_models()

    def sweep(self) -> Backlog:
        """Nudge again if something waits longer than it should; a lost message costs no more than this."""
        backlog = self._repository.backlog()
        if backlog.batches and backlog.oldest_at <= self._uow.clock.now_ms() - STUCK_MS:
            self._uow.enqueue(SettleUsage())
        if self._repository.unpriced_count():
            self._uow.enqueue(ChargeLatePrices())
        return backlog

    def _items(self, batch: InboxBatch, outcome: BatchOutcome) -> list[Item]:
        """Return one item for each that was received; they are kept for 30 days, the counts for ever."""
        names = split_ids(batch.ids) if batch.received and batch.ids is not None else []
        kinds = [Outcome(value) for value in outcome.outcomes or b""]
        codes = json.loads(outcome.codes) if outcome.codes else {}
        inserted = [name for name, kind in zip(names, kinds, strict=False) if kind is Outcome.INSERTED]
        charged = self._repository.credits_of(batch.gateway_id, inserted, outcome.settlement_id)
        return [
            Item(
                index,
                name,
                kind,
                charged.get(name, 0) if kind is Outcome.INSERTED else 0,
                codes.get(str(index)),
            )
            for index, (name, kind) in enumerate(zip(names, kinds, strict=False))
        ]
