"""Bodies of the price book. Rates are credits per million tokens, searches credits per thousand, as strings."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from api.schemas import Credits, CreditsIn, In, Moment, MomentIn, Out
from ccmanage.core.errors import invalid
from ccmanage.core.ids import PRICE, encode_id
from ccmanage.core.text import MAX_REASON
from ccmanage.pricing.imports import ImportDiff
from ccmanage.pricing.ratios import format_ratio, parse_ratio
from ccmanage.pricing.rules import MAX_COUNT, Price, Rates, Schedule, Tier
from ccmanage.pricing.terms import MAX_PATTERN, MAX_TIERS, ManualPrice, Tariff

_RATIO_PATTERN = r"^([0-9]{1,9}(\.[0-9]{1,9})?|[0-9]{1,12}/[1-9][0-9]{0,11})$"


def _read_ratio(value: object) -> tuple[int, int]:
    if not isinstance(value, str):
        raise ValueError('Write a multiplier as a string, such as "1.25" or "11/10".')  # noqa: TRY004 - a bad field
    return parse_ratio(value)


RatioIn = Annotated[
    tuple[int, int],
    BeforeValidator(_read_ratio),
    WithJsonSchema({"type": "string", "pattern": _RATIO_PATTERN, "examples": ["1.25", "11/10"]}),
]
Pattern = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_PATTERN,
        pattern="^[!-~]+$",
        description="A model's name, or a pattern: * is any text, ? any character, # any digit.",
        examples=["claude-opus-5-5", "claude-opus-5-5-########"],
    ),
]
Note = Annotated[str, Field(max_length=MAX_REASON)]


class RatesIn(In):
    """Credits per million tokens of each class. None follows from another: all are given."""

    input: CreditsIn
    output: CreditsIn
    cache_read: CreditsIn
    cache_write_5m: CreditsIn
    cache_write_1h: CreditsIn

    def to_domain(self) -> Rates:
        """Return the rates."""
        return Rates(self.input, self.output, self.cache_read, self.cache_write_5m, self.cache_write_1h)


class TierIn(In):
    """The rates of a whole request with more input than so many tokens, caches included."""

    above_input_tokens: Annotated[int, Field(ge=1, le=MAX_COUNT)]
    rates: RatesIn


Tiers = Annotated[list[TierIn], Field(default_factory=list, max_length=MAX_TIERS)]


class ScheduleIn(In):
    """Base rates, and tiers by rising threshold."""

    rates: RatesIn
    tiers: Tiers


class VariantsIn(In):
    """Rates of calls in a batch and in fast mode; left out, such calls cost the standard rates."""

    batch: ScheduleIn | None = None
    fast: ScheduleIn | None = None


class ManualPriceIn(In):
    """A price of one's own. Without rates the library's are taken, and only marked up or down."""

    pattern: Pattern
    effective_from: MomentIn | None = None
    rates: RatesIn | None = None
    tiers: Tiers
    variants: VariantsIn = VariantsIn()
    web_search: CreditsIn | None = None
    multiplier: RatioIn = (1, 1)
    note: Note = ""

    def to_domain(self, now: int) -> ManualPrice:
        """Return what is asked for; it holds from now on unless a time is given. Raises InvalidInput."""
        start = now if self.effective_from is None else self.effective_from
        return ManualPrice(self.pattern, start, self._tariff(), self.multiplier, self.note)

    def _tariff(self) -> Tariff | None:
        if self.rates is not None:
            batch, fast = self.variants.batch, self.variants.fast
            return Tariff(
                _schedule(self.rates, self.tiers),
                _schedule(batch.rates, batch.tiers) if batch else None,
                _schedule(fast.rates, fast.tiers) if fast else None,
                self.web_search or 0,
            )
        if self.tiers or self.variants != VariantsIn() or self.web_search is not None:
            raise invalid("/rates", "price.rates_required", "Give the standard rates, too.")
        return None


class WithdrawIn(In):
    """From when on a pattern has no manual price any more; now, unless a time is given."""

    effective_from: MomentIn | None = None
    note: Note = ""


class ImportIn(In):
    """Whether the difference is only shown."""

    dry_run: bool


class RatesOut(Out):
    """Credits per million tokens of each class."""

    input: Credits
    output: Credits
    cache_read: Credits
    cache_write_5m: Credits
    cache_write_1h: Credits

    @classmethod
    def of(cls, rates: Rates) -> "RatesOut":
        """Make the answer."""
        return cls(
            input=rates.input,
            output=rates.output,
            cache_read=rates.cache_read,
            cache_write_5m=rates.cache_write_5m,
            cache_write_1h=rates.cache_write_1h,
        )


class TierOut(Out):
    """The rates of a whole request with more input than so many tokens, caches included."""

    above_input_tokens: int
    rates: RatesOut

    @classmethod
    def of(cls, tier: Tier) -> "TierOut":
        """Make the answer."""
        return cls(above_input_tokens=tier.above_input_tokens, rates=RatesOut.of(tier.rates))


class ScheduleOut(Out):
    """Base rates, and tiers by rising threshold."""

    rates: RatesOut
    tiers: list[TierOut]

    @classmethod
    def of(cls, schedule: Schedule) -> "ScheduleOut":
        """Make the answer."""
        return cls(rates=RatesOut.of(schedule.rates), tiers=[TierOut.of(tier) for tier in schedule.tiers])


class VariantsOut(Out):
    """Rates of calls in a batch and in fast mode; null where such calls cost the standard rates."""

    batch: ScheduleOut | None
    fast: ScheduleOut | None


class TermsOut(Out):
    """What a price says, and from when on."""

    pattern: str
    origin: Literal["library", "manual"]
    version: int
    effective_from: Moment
    rates: RatesOut
    tiers: list[TierOut]
    variants: VariantsOut
    web_search: Credits
    multiplier: str
    withdrawn: bool

    @classmethod
    def of_terms(cls, price: Price) -> "TermsOut":
        """Make the answer for a price that may not be stored yet."""
        return cls(**_terms(price))


class PriceOut(TermsOut):
    """One version of a price. Versions never change; a correction is a higher one."""

    id: str
    note: str
    created_at: Moment

    @classmethod
    def of(cls, price: Price) -> "PriceOut":
        """Make the answer."""
        number = encode_id(PRICE, price.public_id)
        return cls(id=number, note=price.note, created_at=price.created_at, **_terms(price))


class ChangeOut(Out):
    """A price that the library has corrected."""

    before: PriceOut
    after: TermsOut


class SkippedOut(Out):
    """What was left out of the library, and why."""

    model: str
    reason: str


class ImportOut(Out):
    """The difference between the library's prices and ours."""

    added: list[TermsOut]
    changed: list[ChangeOut]
    unchanged: int
    skipped: list[SkippedOut]

    @classmethod
    def of(cls, diff: ImportDiff) -> "ImportOut":
        """Make the answer."""
        return cls(
            added=[TermsOut.of_terms(price) for price in diff.added],
            changed=[
                ChangeOut(before=PriceOut.of(change.before), after=TermsOut.of_terms(change.after))
                for change in diff.changed
            ],
            unchanged=diff.unchanged,
            skipped=[SkippedOut(model=left.model, reason=left.reason) for left in diff.skipped],
        )


class UnpricedOut(Out):
    """A model whose events wait for a price."""

    model: str
    events: int
    tokens: int
    first_at: Moment
    last_at: Moment


def _schedule(rates: RatesIn, tiers: list[TierIn]) -> Schedule:
    steps = tuple(Tier(tier.above_input_tokens, tier.rates.to_domain()) for tier in tiers)
    return Schedule(rates.to_domain(), steps)


def _terms(price: Price) -> dict[str, Any]:
    standard = ScheduleOut.of(price.standard)
    return {
        "pattern": price.pattern,
        "origin": price.origin.label,
        "version": price.version,
        "effective_from": price.effective_from,
        "rates": standard.rates,
        "tiers": standard.tiers,
        "variants": VariantsOut(
            batch=ScheduleOut.of(price.batch) if price.batch else None,
            fast=ScheduleOut.of(price.fast) if price.fast else None,
        ),
        "web_search": price.web_search,
        "multiplier": format_ratio(price.multiplier_numerator, price.multiplier_denominator),
        "withdrawn": price.withdrawn,
    }
