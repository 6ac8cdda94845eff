"""Single calls: pages of them, and why each cost what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from ccmanage.core.errors import NotFound
from ccmanage.core.ids import EVENT as EVENT_PREFIX
from ccmanage.core.ids import SETTLEMENT as SETTLEMENT_PREFIX
from ccmanage.core.ids import encode_id
from ccmanage.core.pagination import Page, PageRequest, page_of
from ccmanage.credits.models import EntryKind, Grant
from ccmanage.credits.service import CreditService
from ccmanage.pricing.receipts import Receipt, receipt_of
from ccmanage.pricing.rules import Price, TokenCounts
from ccmanage.pricing.service import PricingService
from ccmanage.reports.labels import NOBODY, Label, Labels
from ccmanage.reports.numbers import EVENT, SETTLEMENT, OutsideNumbers
from ccmanage.reports.rules import Dimension
from ccmanage.reports.usage import Where, check_range, filters_of
from ccmanage.usage.models import EventFlag, Settlement, UsageEvent
from ccmanage.usage.records import Geography, ServiceTier, Speed

_COLUMNS = {
    Dimension.MODEL: UsageEvent.model_id,
    Dimension.KEY: UsageEvent.key_id,
    Dimension.PROJECT: UsageEvent.project_id,
}


class EventNotFound(NotFound):
    """There is no such event, or it is somebody else's."""

    code = "usage.event_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such event.")


@dataclass(frozen=True, slots=True)
class Listing:
    """Which events are asked for."""

    where: Where
    from_at: int
    to_at: int
    status: Literal["ok", "error"] | None = None


@dataclass(frozen=True, slots=True)
class EventLine:
    """One call. `settlement_id` is None while nothing was charged for it."""

    id: str
    event_id: str
    at: int
    received_at: int
    model: str
    key: Label
    user: Label
    project: str | None
    session: str | None
    is_error: bool
    counts: TokenCounts
    service_tier: ServiceTier
    speed: Speed
    credits_nano: int
    is_priced: bool
    flags: Sequence[str]
    settlement_id: str | None


@dataclass(frozen=True, slots=True)
class GrantShare:
    """What a settlement took from one grant (None: it became debt)."""

    grant: Grant | None
    credits_nano: int


@dataclass(frozen=True, slots=True)
class Explained:
    """An event, and if it was charged: its price, its lines, and the settlement's split over grants."""

    line: EventLine
    price: Price | None
    receipt: Receipt | None
    settled_at: int | None
    shares: Sequence[GrantShare]


class EventReport:
    """Events of a workspace, newest first."""

    def __init__(
        self,
        session: Session,
        labels: Labels,
        numbers: OutsideNumbers,
        pricing: PricingService,
        credits: CreditService,
    ) -> None:
        self._session = session
        self._labels = labels
        self._numbers = numbers
        self._pricing = pricing
        self._credits = credits

    def page(self, asked: Listing, ask: PageRequest) -> Page[EventLine]:
        """Return events of a range, newest first; raises InvalidInput."""
        check_range(asked.from_at, asked.to_at)
        conditions = self._conditions(asked)
        if conditions is None:
            return Page([])
        if (after := ask.position(2)) is not None:
            at, number = after
            conditions.append(UsageEvent.event_at <= at)
            conditions.append(or_(UsageEvent.event_at < at, and_(UsageEvent.event_at == at, UsageEvent.id < number)))
        statement = (
            select(UsageEvent)
            .where(*conditions)
            .order_by(UsageEvent.event_at.desc(), UsageEvent.id.desc())
            .limit(ask.limit + 1)
        )
        rows = list(self._session.scalars(statement))
        page = page_of(rows, ask, lambda row: (row.event_at, row.id))
        return Page(self._lines(page.items), page.next_cursor)

    def get(self, workspace_id: int, made_by: int | None, public_id: bytes) -> Explained:
        """Return an event with its receipt; raises EventNotFound."""
        number = self._numbers.find(EVENT, public_id)
        row = self._session.get(UsageEvent, number) if number is not None else None
        if row is None or row.workspace_id != workspace_id or made_by not in {None, row.user_id}:
            raise EventNotFound
        line = self._lines([row])[0]
        price = self._pricing.book().by_id(row.price_id) if row.price_id else None
        if price is None:
            return Explained(line, None, None, None, [])
        receipt = receipt_of(
            line.counts,
            price,
            ServiceTier(row.service_tier).name.lower(),
            Speed(row.speed).name.lower(),
            Geography(row.geography).name.lower(),
        )
        settlement = self._session.get(Settlement, row.settlement_id)
        return Explained(line, price, receipt, settlement.at if settlement else None, self._shares(row))

    def _conditions(self, asked: Listing) -> list[ColumnElement[bool]] | None:
        conditions: list[ColumnElement[bool]] = [
            UsageEvent.workspace_id == asked.where.workspace_id,
            UsageEvent.event_at >= asked.from_at,
            UsageEvent.event_at < asked.to_at,
        ]
        if asked.where.made_by is not None:
            conditions.append(UsageEvent.user_id == asked.where.made_by)
        if asked.status is not None:
            conditions.append(UsageEvent.is_error == int(asked.status == "error"))
        for given, column in filters_of(self._labels, asked.where):
            if given is None:
                return None
            conditions.append(_COLUMNS[column] == given)
        return conditions

    def _lines(self, rows: Sequence[UsageEvent]) -> list[EventLine]:
        models = self._labels.of(Dimension.MODEL, (row.model_id for row in rows))
        keys = self._labels.of(Dimension.KEY, (row.key_id for row in rows))
        users = self._labels.of(Dimension.USER, (row.user_id for row in rows))
        projects = self._labels.of(Dimension.PROJECT, (row.project_id for row in rows if row.project_id))
        return [
            EventLine(
                id=encode_id(EVENT_PREFIX, self._numbers.hide(EVENT, row.id)),
                event_id=bytes(row.event_id).decode(),
                at=row.event_at,
                received_at=row.received_at,
                model=models.get(row.model_id, NOBODY).label,
                key=keys.get(row.key_id, NOBODY),
                user=users.get(row.user_id, NOBODY),
                project=projects[row.project_id].label if row.project_id in projects else None,
                session=bytes(row.session_label).decode() or None,
                is_error=bool(row.is_error),
                counts=_counts(row),
                service_tier=ServiceTier(row.service_tier),
                speed=Speed(row.speed),
                credits_nano=row.credits_nano,
                is_priced=bool(row.settlement_id),
                flags=[flag.name.lower() for flag in EventFlag(row.flags) if flag.name],
                settlement_id=self._settlement(row.settlement_id),
            )
            for row in rows
        ]

    def _settlement(self, number: int) -> str | None:
        return encode_id(SETTLEMENT_PREFIX, self._numbers.hide(SETTLEMENT, number)) if number else None

    def _shares(self, row: UsageEvent) -> list[GrantShare]:
        entries = [
            entry
            for entry in self._credits.entries_of_settlement(row.settlement_id, row.workspace_id)
            if entry.kind == EntryKind.USAGE
        ]
        grants = self._credits.grants_by_number([entry.grant_id for entry in entries if entry.grant_id])
        return [GrantShare(grants.get(entry.grant_id), -entry.amount_nano) for entry in entries]


def _counts(row: UsageEvent) -> TokenCounts:
    return TokenCounts(
        row.input_tokens,
        row.output_tokens,
        row.cache_read_tokens,
        row.cache_write_5m_tokens,
        row.cache_write_1h_tokens,
        row.web_searches,
    )
