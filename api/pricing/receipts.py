"""Receipts over HTTP: what a call cost, or would cost, line by line."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas import Credits, In, Moment, MomentIn, Out
from ccmanage.core.errors import invalid
from ccmanage.core.ids import PRICE, encode_id
from ccmanage.pricing.ratios import format_ratio
from ccmanage.pricing.receipts import LineClass, Receipt, format_atto
from ccmanage.pricing.rules import MAX_COUNT, Price, TokenCounts
from ccmanage.pricing.service import Call, Quote

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Label = Annotated[str, Field(max_length=200)]


class CacheCreationIn(In):
    """How cache writes split by how long they live."""

    model_config = ConfigDict(extra="ignore")

    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class ServerToolUseIn(In):
    """Tools that the model's host ran."""

    model_config = ConfigDict(extra="ignore")

    web_search_requests: Count | None = None


class UsageIn(In):
    """The `usage` object that the Claude API returns, pasted as it is; what has no price is ignored."""

    model_config = ConfigDict(extra="ignore")

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_creation: CacheCreationIn | None = None
    server_tool_use: ServerToolUseIn | None = None
    service_tier: Label | None = None
    speed: Label | None = None
    inference_geo: Label | None = None

    def to_counts(self) -> TokenCounts:
        """Return the counts; cache writes that the split does not name were written for 5 minutes."""
        split, tools = self.cache_creation or CacheCreationIn(), self.server_tool_use or ServerToolUseIn()
        short, long = split.ephemeral_5m_input_tokens or 0, split.ephemeral_1h_input_tokens or 0
        total = self.cache_creation_input_tokens
        if total is None:
            total = short + long
        if short + long > total:
            raise invalid(
                "/usage/cache_creation",
                "event.cache_split_exceeds_total",
                "cache_creation adds up to more than cache_creation_input_tokens.",
            )
        return TokenCounts(
            self.input_tokens or 0,
            self.output_tokens or 0,
            self.cache_read_input_tokens or 0,
            total - long,
            long,
            tools.web_search_requests or 0,
        )


class PreviewIn(In):
    """A call that might have been made."""

    model: Annotated[str, Field(min_length=1, max_length=200)]
    time: MomentIn | None = None
    usage: UsageIn

    def to_domain(self, now: int) -> Call:
        """Return the call, now unless a time is given; raises InvalidInput."""
        usage = self.usage
        at = now if self.time is None else self.time
        return Call(self.model, at, usage.to_counts(), usage.service_tier, usage.speed, usage.inference_geo)


class PriceRefOut(Out):
    """The price behind a charge."""

    id: str
    version: int
    origin: Literal["library", "manual"]
    pattern: str
    effective_from: Moment
    multiplier: str

    @classmethod
    def of(cls, price: Price) -> "PriceRefOut":
        """Make the answer."""
        return cls(
            id=encode_id(PRICE, price.public_id),
            version=price.version,
            origin=price.origin.label,
            pattern=price.pattern,
            effective_from=price.effective_from,
            multiplier=format_ratio(price.multiplier_numerator, price.multiplier_denominator),
        )


class LineOut(Out):
    """One line. The lines add up to the charge exactly; `credits` has up to 18 digits after the point."""

    kind: LineClass = Field(serialization_alias="class")
    quantity: int | None
    rate_per_million: Credits | None
    credits: str


class QuoteOut(Out):
    """What a call would cost, line by line."""

    price: PriceRefOut
    lines: list[LineOut]
    credits: Credits

    @classmethod
    def of(cls, quote: Quote) -> "QuoteOut":
        """Make the answer."""
        receipt = quote.receipt
        return cls(price=PriceRefOut.of(quote.price), lines=lines_of(receipt), credits=receipt.total_nano)


def lines_of(receipt: Receipt) -> list[LineOut]:
    """Make the lines of a receipt."""
    return [
        LineOut(
            kind=line.kind,
            quantity=line.quantity,
            rate_per_million=line.rate_per_million,
            credits=format_atto(line.amount_atto),
        )
        for line in receipt.lines
    ]
