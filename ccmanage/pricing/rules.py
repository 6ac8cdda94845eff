"""What one call costs, exactly. Plain values in, plain values out.

Rates are nano-credits per million tokens, so every product is an integer; the sum is divided and rounded
half to even once per event.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from ccmanage.core.money import MAX_EVENT_NANO, round_half_even
from ccmanage.pricing.errors import CostOutOfRange, CountOutOfRange
from ccmanage.pricing.names import is_exact, literal_prefix, matches

MILLION = 1_000_000
MAX_COUNT = 1_000_000_000
MAX_RATE_NANO = 10**15

BATCH = "batch"
FAST = "fast"
# Inference kept inside the United States costs a tenth more, on every class of tokens but not on searches.
US = "us"
US_NUMERATOR, US_DENOMINATOR = 11, 10


class Origin(IntEnum):
    """Where a price comes from."""

    MANUAL = 1
    LIBRARY = 2

    @property
    def label(self) -> Literal["manual", "library"]:
        """How outsiders write it."""
        return "manual" if self is Origin.MANUAL else "library"


@dataclass(frozen=True, slots=True)
class Rates:
    """Nano-credits per million tokens of each class."""

    input: int
    output: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int


@dataclass(frozen=True, slots=True)
class Tier:
    """The rates of a whole request whose input, caches included, is larger than so many tokens."""

    above_input_tokens: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Schedule:
    """Base rates, and tiers by rising threshold."""

    rates: Rates
    tiers: tuple[Tier, ...] = ()

    def rates_for(self, input_tokens: int) -> Rates:
        """Return the rates of a request with so much input, caches included."""
        rates = self.rates
        for tier in self.tiers:
            if input_tokens <= tier.above_input_tokens:
                break
            rates = tier.rates
        return rates


@dataclass(frozen=True, slots=True)
class Price:
    """What the models that fit a pattern cost from an instant on. Never changes: a correction is a version.

    `batch` and `fast` are None where such calls cost the standard rates. `web_search` is nano-credits per
    thousand searches. The multiplier is the exact ratio by which the installation marks the whole up or down.
    A withdrawn price says that its pattern has no price of its origin any more.
    """

    pattern: str
    origin: Origin
    effective_from: int
    standard: Schedule
    batch: Schedule | None = None
    fast: Schedule | None = None
    web_search: int = 0
    multiplier_numerator: int = 1
    multiplier_denominator: int = 1
    withdrawn: bool = False
    note: str = ""
    created_at: int = 0
    version: int = 0
    id: int = 0
    public_id: bytes = b""

    def same_terms(self, other: "Price") -> bool:
        """Tell whether both would charge the same, whatever their version."""
        return self._terms() == other._terms()

    def schedule_for(self, service_tier: str | None, speed: str | None) -> Schedule:
        """Return the schedule of a call. A batch is never fast; other tiers have no list price."""
        if service_tier == BATCH and self.batch is not None:
            return self.batch
        if speed == FAST and self.fast is not None:
            return self.fast
        return self.standard

    def _terms(self) -> tuple[object, ...]:
        ratio = (self.multiplier_numerator, self.multiplier_denominator)
        return (self.standard, self.batch, self.fast, self.web_search, ratio, self.withdrawn)


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """What one call used, each class apart; raises CountOutOfRange."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    web_searches: int = 0

    def __post_init__(self) -> None:
        counts = (self.input, self.output, self.cache_read, self.cache_write_5m, self.cache_write_1h)
        if min(counts) < 0 or max(counts) > MAX_COUNT or not 0 <= self.web_searches <= MAX_COUNT:
            raise CountOutOfRange

    @property
    def total_input(self) -> int:
        """All that went in, which is what tiers look at."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h


def cost_of(
    counts: TokenCounts,
    price: Price,
    service_tier: str | None = None,
    speed: str | None = None,
    geography: str | None = None,
) -> int:
    """Return the cost of one call in nano-credits; raises CostOutOfRange."""
    return cost_nano(
        price,
        counts.input,
        counts.output,
        counts.cache_read,
        counts.cache_write_5m,
        counts.cache_write_1h,
        counts.web_searches,
        service_tier,
        speed,
        geography,
    )


def cost_nano(  # noqa: PLR0913 - settling prices tens of thousands a second: no object per event
    price: Price,
    input: int,
    output: int,
    cache_read: int,
    cache_write_5m: int,
    cache_write_1h: int,
    web_searches: int = 0,
    service_tier: str | None = None,
    speed: str | None = None,
    geography: str | None = None,
) -> int:
    """Return the cost of one call in nano-credits, rounded half to even once; raises CostOutOfRange.

    The counts must lie within the bounds that `TokenCounts` checks.
    """
    schedule = price.schedule_for(service_tier, speed)
    rates = schedule.rates
    if schedule.tiers:
        rates = schedule.rates_for(input + cache_read + cache_write_5m + cache_write_1h)
    numerator = (
        input * rates.input
        + output * rates.output
        + cache_read * rates.cache_read
        + cache_write_5m * rates.cache_write_5m
        + cache_write_1h * rates.cache_write_1h
    )
    denominator = MILLION
    if geography == US:
        numerator *= US_NUMERATOR
        denominator *= US_DENOMINATOR
    if web_searches:
        numerator += web_searches * price.web_search * (denominator // 1000)
    cost = round_half_even(numerator * price.multiplier_numerator, denominator * price.multiplier_denominator)
    if not 0 <= cost <= MAX_EVENT_NANO:
        raise CostOutOfRange(cost)
    return cost


def choose(model: str, at_ms: int, candidates: Iterable[Price]) -> Price | None:
    """Return the price of a normalised model name at an instant.

    Of each pattern and origin the latest start counts, then the highest version. Among those that are not
    withdrawn: manual before library, exact before the longest literal prefix, latest start, highest version.
    """
    in_force: dict[tuple[Origin, str], Price] = {}
    for price in candidates:
        if price.effective_from > at_ms or not matches(price.pattern, model):
            continue
        known = in_force.get((price.origin, price.pattern))
        if known is None or _age(price) > _age(known):
            in_force[price.origin, price.pattern] = price
    standing = (price for price in in_force.values() if not price.withdrawn)
    return max(standing, key=_rank, default=None)


def _age(price: Price) -> tuple[int, int]:
    return (price.effective_from, price.version)


def _rank(price: Price) -> tuple[bool, bool, int, int, int, int]:
    return (
        price.origin is Origin.MANUAL,
        is_exact(price.pattern),
        len(literal_prefix(price.pattern)),
        price.effective_from,
        price.version,
        price.id,
    )
