"""Queries of batches and quarantine."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.core.sql import select_in
from ccmanage.usage.models import (
    BatchOutcome,
    BatchState,
    InboxBatch,
    ModelName,
    QuarantinedEvent,
    QuarantineState,
    UnpricedEvent,
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits to be settled; `oldest_at` is 0 when nothing does."""

    batches: int
    events: int
    oldest_at: int


@dataclass(frozen=True, slots=True)
class UnpricedModel:
    """A model whose events wait for a price."""

    model: str
    events: int
    tokens: int
    first_at: int
    last_at: int


class BatchRepository(Repository[InboxBatch]):
    """Batches and what became of them."""

    model = InboxBatch

    def outcome(self, batch_id: int) -> BatchOutcome | None:
        """Return what became of a batch; None while it is pending."""
        return self.session.get(BatchOutcome, batch_id)

    def settled_among(self, public_ids: Sequence[bytes]) -> set[bytes]:
        """Return those of the batches that are settled."""
        text = "SELECT public_id FROM inbox_batches WHERE public_id IN ({}) AND state = 1"
        return {bytes(row[0]) for row in select_in(self.connection, text, public_ids)}

    def credits_of(self, gateway_id: int, event_ids: Sequence[str], batch_settlement: int) -> dict[str, int]:
        """Return what events were charged, by their ids; those that another settlement inserted are left out."""
        text = (
            "SELECT event_id, credits_nano FROM events"
            f" WHERE gateway_id = {gateway_id:d} AND settlement_id = {batch_settlement:d} AND event_id IN ({{}})"
        )
        rows = select_in(self.connection, text, [name.encode() for name in event_ids])
        return {bytes(name).decode(): credits for name, credits in rows}

    def backlog(self) -> Backlog:
        """Return what waits."""
        row = self.session.execute(
            select(
                func.count(), func.coalesce(func.sum(InboxBatch.received), 0), func.min(InboxBatch.received_at)
            ).where(InboxBatch.state == BatchState.PENDING)
        ).one()
        return Backlog(int(row[0]), int(row[1]), int(row[2] or 0))

    def unpriced_count(self) -> int:
        """Return how many events wait for a price."""
        statement = select(func.count()).select_from(UnpricedEvent).where(UnpricedEvent.settlement_id == 0)
        return int(self.session.scalar(statement) or 0)

    def unpriced_models(self) -> list[UnpricedModel]:
        """Return the models whose events wait for a price, the one with most events first."""
        statement = (
            select(
                ModelName.name,
                func.count(),
                func.sum(UnpricedEvent.tokens),
                func.min(UnpricedEvent.event_at),
                func.max(UnpricedEvent.event_at),
            )
            .join(ModelName, ModelName.id == UnpricedEvent.model_id)
            .where(UnpricedEvent.settlement_id == 0)
            .group_by(ModelName.id, ModelName.name)
        )
        rows = [
            UnpricedModel(bytes(name).decode(), *(int(number) for number in numbers))
            for name, *numbers in self.session.execute(statement)
        ]
        return sorted(rows, key=lambda row: (-row.events, row.model))


class QuarantineRepository(Repository[QuarantinedEvent]):
    """Events that could not be settled."""

    model = QuarantinedEvent

    def page_of(
        self, ask: PageRequest, states: Sequence[QuarantineState], *, code: str | None, gateway_id: int | None
    ) -> Page[QuarantinedEvent]:
        """Return quarantined events, newest first."""
        statement = select(QuarantinedEvent).where(QuarantinedEvent.state.in_([int(state) for state in states]))
        if code is not None:
            statement = statement.where(QuarantinedEvent.code == code.encode())
        if gateway_id is not None:
            statement = statement.where(QuarantinedEvent.gateway_id == gateway_id)
        return self.page(statement, ask, QuarantinedEvent.id)

    def count_open(self) -> int:
        """Return how many wait for somebody."""
        statement = select(func.count()).select_from(QuarantinedEvent).where(QuarantinedEvent.state == 0)
        return int(self.session.scalar(statement) or 0)
