"""Bodies around usage."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.pricing.receipts import LineOut, PriceRefOut, lines_of
from api.schemas import Credits, In, Moment, Out, Ref
from ccmanage.core.ids import GATEWAY, GRANT, QUARANTINE, encode_id
from ccmanage.credits.models import Origin
from ccmanage.gateways.models import Gateway
from ccmanage.reports.events import EventLine, Explained
from ccmanage.reports.labels import Label
from ccmanage.reports.usage import Row, Summary, Sums
from ccmanage.usage.models import QuarantinedEvent, QuarantineState
from ccmanage.usage.quarantine import body_of

Status = Literal["ok", "error"]
OriginName = Literal["subscription", "top_up", "voucher", "adjustment", "compensation"]
ORIGINS: dict[Origin, OriginName] = {
    Origin.SUBSCRIPTION: "subscription",
    Origin.TOP_UP: "top_up",
    Origin.VOUCHER: "voucher",
    Origin.ADJUSTMENT: "adjustment",
    Origin.COMPENSATION: "compensation",
}


class LabelOut(Out):
    """A stretch of time by its start in the zone asked for, or a thing by its id. What has no name has an empty id."""

    id: str
    label: str

    @classmethod
    def of(cls, label: Label) -> "LabelOut":
        """Make the answer."""
        return cls(id=label.id, label=label.label)


class SumsOut(Out):
    """What was used in all."""

    events: int
    errors: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    credits: Credits

    @classmethod
    def of(cls, sums: Sums) -> "SumsOut":
        """Make the answer."""
        return cls(**_sums(sums))


class RowOut(SumsOut):
    """What was used in one group, or in one part of it."""

    group: LabelOut
    split: LabelOut | None

    @classmethod
    def row(cls, row: Row) -> "RowOut":
        """Make the answer."""
        split = LabelOut.of(row.split) if row.split else None
        return cls(**_sums(row.sums), group=LabelOut.of(row.group), split=split)


class SummaryOut(Out):
    """Sums of usage. Only what was used has a row; `buckets` names every stretch of time of the range, in order."""

    items: list[RowOut]
    total: SumsOut
    buckets: list[LabelOut]
    from_at: Moment = Field(alias="from")
    to_at: Moment = Field(alias="to")
    tz: str

    @classmethod
    def of(cls, summary: Summary) -> "SummaryOut":
        """Make the answer."""
        return cls(
            items=[RowOut.row(row) for row in summary.rows],
            total=SumsOut.of(summary.total),
            buckets=[LabelOut.of(bucket) for bucket in summary.buckets],
            **{"from": summary.from_at, "to": summary.to_at},
            tz=summary.zone,
        )


class TokensOut(Out):
    """Tokens by class."""

    input: int
    output: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int


class EventOut(Out):
    """One call. `priced` is false while no price for its model and time is known; then nothing was charged yet."""

    id: str
    event_id: str
    time: Moment
    received_at: Moment
    model: str
    key: Ref
    user: Ref
    project: str | None
    session_id: str | None
    status: Status
    tokens: TokensOut
    web_searches: int
    service_tier: str
    speed: str
    credits: Credits
    priced: bool
    flags: list[str]
    settlement_id: str | None

    @classmethod
    def of(cls, line: EventLine) -> "EventOut":
        """Make the answer."""
        return cls(**_event(line))


class ShareOut(Out):
    """What the settlement took from one grant; without a grant it became debt."""

    grant_id: str | None
    origin: OriginName | None
    credits: Credits


class SettlementOut(Out):
    """When the event was charged, and which grants its whole settlement was taken from."""

    id: str
    settled_at: Moment
    grants: list[ShareOut]


class ReceiptOut(Out):
    """Why an event cost what it cost."""

    price: PriceRefOut
    lines: list[LineOut]
    settlement: SettlementOut | None


class EventDetailOut(EventOut):
    """One call with its receipt, which is null until it is charged."""

    receipt: ReceiptOut | None

    @classmethod
    def explain(cls, found: Explained) -> "EventDetailOut":
        """Make the answer."""
        return cls(**_event(found.line), receipt=_receipt(found))


class QuarantineOut(Out):
    """An event that could not be settled. `count` tells how often it was sent; `body` holds harmless fields only."""

    id: str
    gateway: Ref
    code: str
    detail: str
    event_id: str
    count: int
    first_seen_at: Moment
    last_seen_at: Moment
    state: Literal["open", "redriven", "dismissed"]
    body: dict[str, Any]

    @classmethod
    def of(cls, row: QuarantinedEvent, gateway: Gateway | None) -> "QuarantineOut":
        """Make the answer."""
        states: dict[int, Literal["open", "redriven", "dismissed"]] = {
            QuarantineState.OPEN: "open",
            QuarantineState.REDRIVEN: "redriven",
            QuarantineState.DISMISSED: "dismissed",
        }
        return cls(
            id=encode_id(QUARANTINE, row.public_id),
            gateway=Ref(
                id=encode_id(GATEWAY, gateway.public_id) if gateway else "", name=gateway.name if gateway else ""
            ),
            code=bytes(row.code).decode(),
            detail=bytes(row.detail).decode(),
            event_id=bytes(row.event_id).decode(),
            count=row.count,
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
            state=states[row.state],
            body=dict(body_of(row)),
        )


class RedriveIn(In):
    """Under which key an event is posted anew; without one, under its own."""

    key_id: Annotated[str, Field(max_length=64)] | None = None


class RedriveOut(Out):
    """The batch in which the event was posted anew."""

    batch_id: str


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        "events": sums.events,
        "errors": sums.errors,
        "input_tokens": sums.input_tokens,
        "output_tokens": sums.output_tokens,
        "cache_read_tokens": sums.cache_read_tokens,
        "cache_write_tokens": sums.cache_write_tokens,
        "credits": sums.credits_nano,
    }


def _event(line: EventLine) -> dict[str, Any]:
    counts = line.counts
    return {
        "id": line.id,
        "event_id": line.event_id,
        "time": line.at,
        "received_at": line.received_at,
        "model": line.model,
        "key": Ref(id=line.key.id, name=line.key.label),
        "user": Ref(id=line.user.id, name=line.user.label),
        "project": line.project,
        "session_id": line.session,
        "status": "error" if line.is_error else "ok",
        "tokens": TokensOut(
            input=counts.input,
            output=counts.output,
            cache_read=counts.cache_read,
            cache_write_5m=counts.cache_write_5m,
            cache_write_1h=counts.cache_write_1h,
        ),
        "web_searches": counts.web_searches,
        "service_tier": line.service_tier.name.lower(),
        "speed": line.speed.name.lower(),
        "credits": line.credits_nano,
        "priced": line.is_priced,
        "flags": list(line.flags),
        "settlement_id": line.settlement_id,
    }


def _receipt(found: Explained) -> ReceiptOut | None:
    if found.price is None or found.receipt is None:
        return None
    settlement = None
    if found.settled_at is not None and found.line.settlement_id is not None:
        shares = [
            ShareOut(
                grant_id=encode_id(GRANT, share.grant.public_id) if share.grant else None,
                origin=ORIGINS[Origin(share.grant.origin)] if share.grant else None,
                credits=share.credits_nano,
            )
            for share in found.shares
        ]
        settlement = SettlementOut(id=found.line.settlement_id, settled_at=found.settled_at, grants=shares)
    return ReceiptOut(price=PriceRefOut.of(found.price), lines=lines_of(found.receipt), settlement=settlement)
