"""Reads the price library `genai-prices` into price rows of our own. Deterministic; nothing is fetched.

Only what we can charge exactly is taken: a model with a price that our rows cannot say is skipped with the
reason, so that its events stay visibly unpriced instead of being charged wrongly.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

from genai_prices import types
from genai_prices.data import providers as bundled_providers

from ccmanage.core.clock import to_ms
from ccmanage.core.money import NANO
from ccmanage.pricing import aliases
from ccmanage.pricing.errors import LibraryUnreadable
from ccmanage.pricing.imports import LibraryPrices, Skipped
from ccmanage.pricing.rules import BATCH, FAST, Origin, Price, Rates, Schedule, Tier

PROVIDER = "anthropic"
_CONTEXTS = {BATCH: {"processing": "batch"}, FAST: {"speed": "fast"}}
_BEGINNING = date(1970, 1, 1)

_INPUT, _OUTPUT = "input_mtok", "output_mtok"
_READ, _WRITE, _WRITE_5M, _WRITE_1H = (
    "cache_read_mtok",
    "cache_write_mtok",
    "cache_write_5m_mtok",
    "cache_write_1h_mtok",
)
_SEARCH = "web_searches_kcount"
_KNOWN = {_INPUT, _OUTPUT, _READ, _WRITE, _WRITE_5M, _WRITE_1H, _SEARCH}

Amounts = dict[str, Decimal | types.TieredPrices]


class Unsupported(Exception):
    """The library says something about a model that a price row cannot say."""


def bundled() -> LibraryPrices:
    """Return the prices of the installed library."""
    return convert(bundled_providers)


def from_file(path: Path) -> LibraryPrices:
    """Return the prices of a newer library's data file (`data.json`); raises LibraryUnreadable."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        # The library's own reader of the same data, which it uses on what it downloads.
        found = types._providers_from_raw(raw)
    except (OSError, ValueError) as error:
        raise LibraryUnreadable(str(error).splitlines()[0]) from error
    return convert(found)


def convert(providers: list[types.Provider]) -> LibraryPrices:
    """Turn the Anthropic models of the library into price rows, by pattern and by start."""
    provider = next((found for found in providers if found.id == PROVIDER), None)
    if provider is None:
        raise LibraryUnreadable(f"it has no provider {PROVIDER}")
    prices: dict[tuple[str, int], Price] = {}
    skipped: list[Skipped] = []
    taken: set[str] = set()
    for model in provider.models:
        skipped += [Skipped(model.id, f"variant {when} is not charged apart") for when in _foreign_variants(model)]
        try:
            patterns = aliases.patterns_of(model.match)
            periods = list(_periods(model))
        except (Unsupported, aliases.UnsupportedMatch) as error:
            skipped.append(Skipped(model.id, str(error)))
            continue
        # The library asks its models in order: the first that answers to a name has it.
        own = [pattern for pattern in patterns if pattern not in taken]
        taken.update(own)
        for pattern in own:
            for price in periods:
                prices[pattern, price.effective_from] = replace(price, pattern=pattern)
    return LibraryPrices(tuple(prices[key] for key in sorted(prices)), tuple(skipped))


def _foreign_variants(model: types.ModelInfo) -> Iterator[str]:
    for variant in model.price_variants or ():
        if variant.when not in _CONTEXTS.values():
            yield ", ".join(f"{key}={value}" for key, value in sorted(variant.when.items()))


def _periods(model: types.ModelInfo) -> Iterator[Price]:
    """Yield a price for each stretch of time in which the library's answers stay the same."""
    before: Price | None = None
    for start in _starts(model):
        moment = datetime.combine(start, time(), UTC)
        standard = _amounts(model, moment)
        price = Price(
            pattern="",
            origin=Origin.LIBRARY,
            effective_from=to_ms(moment),
            standard=_schedule(standard),
            batch=_variant(model, moment, BATCH, standard),
            fast=_variant(model, moment, FAST, standard),
            web_search=_nano(_flat(standard, _SEARCH)),
        )
        if before is None or not price.same_terms(before):
            yield price
        before = price


def _starts(model: types.ModelInfo) -> list[date]:
    dated = model.prices if isinstance(model.prices, list) else []
    constraints = [
        *(found.constraint for found in dated),
        *(variant.constraint for variant in model.price_variants or ()),
    ]
    starts = {_BEGINNING}
    for constraint in constraints:
        if isinstance(constraint, types.StartDateConstraint):
            starts.add(constraint.start_date)
        elif constraint is not None:
            raise Unsupported("a price that depends on the time of day")
    return sorted(starts)


def _amounts(model: types.ModelInfo, moment: datetime, context: str | None = None) -> Amounts:
    """Let the library resolve what it charges at a moment, per unit."""
    resolved = model.get_prices(moment, _CONTEXTS[context] if context else None)
    amounts = {unit: value for unit, value in vars(resolved).items() if value is not None}
    if foreign := amounts.keys() - _KNOWN:
        raise Unsupported(f"a price for {', '.join(sorted(foreign))}")
    return amounts


def _variant(model: types.ModelInfo, moment: datetime, context: str, standard: Amounts) -> Schedule | None:
    amounts = _amounts(model, moment, context)
    if amounts == standard:
        return None
    if _flat(amounts, _SEARCH) != _flat(standard, _SEARCH):
        raise Unsupported(f"an own price of web searches for {context}")
    return _schedule(amounts)


def _schedule(amounts: Amounts) -> Schedule:
    tiered = [value for value in amounts.values() if isinstance(value, types.TieredPrices)]
    thresholds = sorted({tier.start for value in tiered for tier in value.tiers})
    return Schedule(
        _rates(amounts, None),
        tuple(Tier(threshold, _rates(amounts, threshold)) for threshold in thresholds),
    )


def _rates(amounts: Amounts, threshold: int | None) -> Rates:
    """Return the rates above a threshold. A class without a price costs what the class around it costs."""
    plain = _at(amounts, _INPUT, threshold, Decimal(0))
    write = _at(amounts, _WRITE, threshold, plain)
    return Rates(
        input=_nano(plain),
        output=_nano(_at(amounts, _OUTPUT, threshold, Decimal(0))),
        cache_read=_nano(_at(amounts, _READ, threshold, plain)),
        cache_write_5m=_nano(_at(amounts, _WRITE_5M, threshold, write)),
        cache_write_1h=_nano(_at(amounts, _WRITE_1H, threshold, write)),
    )


def _at(amounts: Amounts, unit: str, threshold: int | None, otherwise: Decimal) -> Decimal:
    value = amounts.get(unit, otherwise)
    if not isinstance(value, types.TieredPrices):
        return value
    price = value.base
    for tier in value.tiers:
        if threshold is not None and tier.start <= threshold:
            price = tier.price
    return price


def _flat(amounts: Amounts, unit: str) -> Decimal:
    value = amounts.get(unit, Decimal(0))
    if isinstance(value, types.TieredPrices):
        raise Unsupported(f"tiers for {unit}")
    return value


def _nano(dollars: Decimal) -> int:
    nano = dollars * NANO
    if nano != nano.to_integral_value() or nano < 0:
        raise Unsupported(f"the rate {dollars}, which is no whole number of nano-credits")
    return int(nano)
