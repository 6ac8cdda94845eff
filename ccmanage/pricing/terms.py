"""What a manual price must look like before it becomes a row. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

from ccmanage.core.errors import FieldError, InvalidInput
from ccmanage.core.text import MAX_REASON, is_clean
from ccmanage.pricing.names import normalise_model
from ccmanage.pricing.rules import MAX_COUNT, MAX_RATE_NANO, Origin, Price, Rates, Schedule

MAX_PATTERN = 200
MAX_TIERS = 8
MAX_RATIO = 10**12
# The last millisecond of the year 9999: what RFC 3339 can write.
MAX_INSTANT = 253_402_300_799_999


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a price charges, without its name and time. None for batch and fast: as the standard."""

    standard: Schedule
    batch: Schedule | None = None
    fast: Schedule | None = None
    web_search: int = 0

    @classmethod
    def of(cls, price: Price) -> "Tariff":
        """Return what a price charges before its multiplier."""
        return cls(price.standard, price.batch, price.fast, price.web_search)


@dataclass(frozen=True, slots=True)
class ManualPrice:
    """A price that an admin sets. Without a tariff the library's is taken, and only marked up or down."""

    pattern: str
    effective_from: int
    tariff: Tariff | None = None
    multiplier: tuple[int, int] = (1, 1)
    note: str = ""


def manual_price(asked: ManualPrice, library: Price | None) -> Price:
    """Return the price row to write, its pattern in our spelling; raises InvalidInput with every bad field.

    `library` is the library's price for the same models, whose tariff stands in where none is given.
    """
    pattern = normalise_model(asked.pattern)
    tariff = asked.tariff or (Tariff.of(library) if library else None)
    numerator, denominator = asked.multiplier
    bad = [
        *_bad_pattern(pattern),
        *bad_time(asked.effective_from),
        *_bad_ratio(numerator, denominator),
        *bad_note(asked.note),
        *_bad_tariff(tariff),
    ]
    if bad or tariff is None:
        raise InvalidInput("This price cannot be used.", fields=bad)
    shared = gcd(numerator, denominator)
    return Price(
        pattern=pattern,
        origin=Origin.MANUAL,
        effective_from=asked.effective_from,
        standard=tariff.standard,
        batch=tariff.batch,
        fast=tariff.fast,
        web_search=tariff.web_search,
        multiplier_numerator=numerator // shared,
        multiplier_denominator=denominator // shared,
        note=asked.note,
    )


def bad_time(instant: int) -> Iterator[FieldError]:
    """Yield what is wrong with a start."""
    if not 0 <= instant <= MAX_INSTANT:
        yield FieldError("/effective_from", "price.time_out_of_range", "Choose a time from 1970 to 9999.")


def bad_note(note: str) -> Iterator[FieldError]:
    """Yield what is wrong with a note."""
    if len(note) > MAX_REASON or not is_clean(note):
        yield FieldError(
            "/note", "price.note_invalid", f"A note has at most {MAX_REASON} characters and stands on one line."
        )


def _bad_pattern(pattern: str) -> Iterator[FieldError]:
    if not 0 < len(pattern) <= MAX_PATTERN or not pattern.isascii() or not pattern.isprintable() or " " in pattern:
        yield FieldError(
            "/pattern",
            "price.pattern_invalid",
            f"A pattern is 1 to {MAX_PATTERN} plain characters without spaces; * ? # are wildcards.",
        )


def _bad_ratio(numerator: int, denominator: int) -> Iterator[FieldError]:
    if not (0 <= numerator <= MAX_RATIO and 0 < denominator <= MAX_RATIO):
        yield FieldError(
            "/multiplier",
            "price.multiplier_out_of_range",
            "A multiplier is 0 or more, of numbers up to a million million.",
        )


def _bad_tariff(tariff: Tariff | None) -> Iterator[FieldError]:
    if tariff is None:
        yield FieldError("/rates", "price.rates_required", "The library has no price for this: give the rates.")
        return
    yield from _bad_schedule("", tariff.standard)
    if tariff.batch is not None:
        yield from _bad_schedule("/variants/batch", tariff.batch)
    if tariff.fast is not None:
        yield from _bad_schedule("/variants/fast", tariff.fast)
    if not 0 <= tariff.web_search <= MAX_RATE_NANO:
        yield _rate_error("/web_search")


def _bad_schedule(pointer: str, schedule: Schedule) -> Iterator[FieldError]:
    if not _in_bounds(schedule.rates):
        yield _rate_error(f"{pointer}/rates")
    thresholds = [tier.above_input_tokens for tier in schedule.tiers]
    rising = all(low < high for low, high in zip([0, *thresholds], thresholds, strict=False))
    if not rising or len(thresholds) > MAX_TIERS or any(threshold > MAX_COUNT for threshold in thresholds):
        yield FieldError(
            f"{pointer}/tiers",
            "price.tiers_invalid",
            f"Give at most {MAX_TIERS} tiers by rising threshold, each from 1 to {MAX_COUNT:,} tokens.",
        )
    for number, tier in enumerate(schedule.tiers):
        if not _in_bounds(tier.rates):
            yield _rate_error(f"{pointer}/tiers/{number}/rates")


def _in_bounds(rates: Rates) -> bool:
    classes = (rates.input, rates.output, rates.cache_read, rates.cache_write_5m, rates.cache_write_1h)
    return all(0 <= rate <= MAX_RATE_NANO for rate in classes)


def _rate_error(pointer: str) -> FieldError:
    return FieldError(pointer, "price.rate_out_of_range", "A rate lies between 0 and 1,000,000 credits.")
