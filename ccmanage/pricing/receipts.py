"""Explains a charge: what each class cost, and why the lines add up to the whole. Pure.

Amounts of lines are atto-credits (10^-18). Tokens times rates, and a tenth of them, are whole numbers of it:
nothing is lost before the last line, which shows the one rounding that the charge went through.
"""

from dataclasses import dataclass
from enum import StrEnum

from ccmanage.core.money import NANO, round_half_even
from ccmanage.pricing.rules import (
    MILLION,
    US,
    US_DENOMINATOR,
    US_NUMERATOR,
    Price,
    TokenCounts,
    cost_of,
)

ATTO = 10**18


class LineClass(StrEnum):
    """What a line of a receipt is about."""

    INPUT = "input"
    OUTPUT = "output"
    CACHE_READ = "cache_read"
    CACHE_WRITE_5M = "cache_write_5m"
    CACHE_WRITE_1H = "cache_write_1h"
    WEB_SEARCH = "web_search"
    GEOGRAPHY = "geography"
    MULTIPLIER = "multiplier"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class Line:
    """One line; only lines of tokens and searches have a quantity and a rate in nano-credits per million."""

    kind: LineClass
    amount_atto: int
    quantity: int | None = None
    rate_per_million: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The lines of one charge. Their amounts add up to `total_nano` exactly."""

    lines: tuple[Line, ...]
    total_nano: int


def receipt_of(
    counts: TokenCounts,
    price: Price,
    service_tier: str | None = None,
    speed: str | None = None,
    geography: str | None = None,
) -> Receipt:
    """Return what a call cost, line by line; raises CostOutOfRange."""
    total_nano = cost_of(counts, price, service_tier, speed, geography)
    rates = price.schedule_for(service_tier, speed).rates_for(counts.total_input)
    tokens = (
        _line(LineClass.INPUT, counts.input, rates.input),
        _line(LineClass.OUTPUT, counts.output, rates.output),
        _line(LineClass.CACHE_READ, counts.cache_read, rates.cache_read),
        _line(LineClass.CACHE_WRITE_5M, counts.cache_write_5m, rates.cache_write_5m),
        _line(LineClass.CACHE_WRITE_1H, counts.cache_write_1h, rates.cache_write_1h),
    )
    lines = [line for line in tokens if line.quantity]
    if geography == US:
        extra = _sum(lines) * (US_NUMERATOR - US_DENOMINATOR) // US_DENOMINATOR
        lines.append(Line(LineClass.GEOGRAPHY, extra))
    if counts.web_searches:
        lines.append(_line(LineClass.WEB_SEARCH, counts.web_searches, price.web_search * (MILLION // 1000)))
    if price.multiplier_numerator != price.multiplier_denominator:
        markup = price.multiplier_numerator - price.multiplier_denominator
        lines.append(Line(LineClass.MULTIPLIER, round_half_even(_sum(lines) * markup, price.multiplier_denominator)))
    if rounding := total_nano * NANO - _sum(lines):
        lines.append(Line(LineClass.ROUNDING, rounding))
    return Receipt(tuple(lines), total_nano)


def format_atto(amount: int) -> str:
    """Write atto-credits as the shortest exact decimal string of credits."""
    sign = "-" if amount < 0 else ""
    whole, fraction = divmod(abs(amount), ATTO)
    return f"{sign}{whole}.{fraction:018d}".rstrip("0").rstrip(".")


def _line(kind: LineClass, quantity: int, rate: int) -> Line:
    return Line(kind, quantity * rate * (NANO // MILLION), quantity, rate)


def _sum(lines: list[Line]) -> int:
    return sum(line.amount_atto for line in lines)
