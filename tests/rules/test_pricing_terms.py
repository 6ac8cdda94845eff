"""A manual price is checked whole before it becomes a row."""

from dataclasses import replace

import pytest

from ccmanage.core.errors import InvalidInput
from ccmanage.core.money import NANO
from ccmanage.pricing.ratios import format_ratio, parse_ratio
from ccmanage.pricing.rules import MAX_COUNT, MAX_RATE_NANO, Origin, Price, Rates, Schedule, Tier
from ccmanage.pricing.terms import MAX_INSTANT, ManualPrice, Tariff, manual_price

LOW, HIGH = Rates(*(NANO,) * 5), Rates(*(2 * NANO,) * 5)
TARIFF = Tariff(Schedule(LOW, (Tier(10, HIGH),)), batch=Schedule(LOW), fast=Schedule(HIGH), web_search=10 * NANO)
ASKED = ManualPrice("claude-opus-5-5", 1_000, TARIFF, (12, 10), "why")
LIBRARY = Price("claude-opus-5-5", Origin.LIBRARY, 0, Schedule(HIGH), web_search=5, multiplier_numerator=1)


def refusals(asked: ManualPrice, library: Price | None = None) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        manual_price(asked, library)
    return [(field.pointer, field.code) for field in refused.value.fields]


def test_a_manual_price_is_what_was_asked() -> None:
    assert manual_price(ASKED, LIBRARY) == Price(
        "claude-opus-5-5",
        Origin.MANUAL,
        1_000,
        TARIFF.standard,
        TARIFF.batch,
        TARIFF.fast,
        10 * NANO,
        multiplier_numerator=6,
        multiplier_denominator=5,
        note="why",
    )


def test_its_pattern_is_spelt_our_way() -> None:
    assert manual_price(replace(ASKED, pattern="Anthropic/Claude-Opus-5-5*"), None).pattern == "claude-opus-5-5*"


def test_without_a_tariff_the_librarys_is_marked_up() -> None:
    price = manual_price(replace(ASKED, tariff=None), LIBRARY)
    assert (price.standard, price.batch, price.web_search) == (LIBRARY.standard, None, 5)
    assert (price.multiplier_numerator, price.multiplier_denominator) == (6, 5)
    assert refusals(replace(ASKED, tariff=None)) == [("/rates", "price.rates_required")]


@pytest.mark.parametrize("pattern", ["", "   ", "a b", "claude-ü", "x" * 201, "a\tb", "a\x00"])
def test_a_pattern_is_short_and_plain(pattern: str) -> None:
    assert refusals(replace(ASKED, pattern=pattern)) == [("/pattern", "price.pattern_invalid")]


@pytest.mark.parametrize("instant", [-1, MAX_INSTANT + 1])
def test_a_start_can_be_written_as_a_time(instant: int) -> None:
    assert refusals(replace(ASKED, effective_from=instant)) == [("/effective_from", "price.time_out_of_range")]


@pytest.mark.parametrize("ratio", [(-1, 1), (1, 0), (1, -1), (10**12 + 1, 1), (1, 10**12 + 1)])
def test_a_multiplier_has_bounds(ratio: tuple[int, int]) -> None:
    assert refusals(replace(ASKED, multiplier=ratio)) == [("/multiplier", "price.multiplier_out_of_range")]


@pytest.mark.parametrize(
    ("text", "ratio", "written"),
    [
        ("1", (1, 1), "1"),
        ("1.20", (6, 5), "1.2"),
        ("11/10", (11, 10), "1.1"),
        ("4/6", (2, 3), "2/3"),
        ("0", (0, 1), "0"),
        ("0/5", (0, 1), "0"),
        ("0.000000001", (1, 10**9), "0.000000001"),
        ("999999999.999999999", (999_999_999_999_999_999, 10**9), "999999999.999999999"),
        ("1/1024", (1, 1024), "1/1024"),
    ],
)
def test_a_multiplier_is_written_exactly(text: str, ratio: tuple[int, int], written: str) -> None:
    assert parse_ratio(text) == ratio
    assert format_ratio(*ratio) == written
    assert parse_ratio(written) == ratio


@pytest.mark.parametrize("text", ["", "-1", "1e3", "1/0", "1.", ".5", "1,5", " 1", "1/2/3", "1.0000000001", "NaN", "٣"])
def test_what_is_no_multiplier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="multiplier"):
        parse_ratio(text)


def test_a_model_can_be_free() -> None:
    price = manual_price(replace(ASKED, multiplier=(0, 7)), None)
    assert (price.multiplier_numerator, price.multiplier_denominator) == (0, 1)


@pytest.mark.parametrize("name", ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h"])
@pytest.mark.parametrize("rate", [-1, MAX_RATE_NANO + 1])
def test_each_rate_has_bounds_wherever_it_stands(name: str, rate: int) -> None:
    bad = replace(LOW, **{name: rate})
    tariff = Tariff(Schedule(bad, (Tier(1, LOW), Tier(2, bad))), Schedule(bad), Schedule(bad))
    assert refusals(replace(ASKED, tariff=tariff)) == [
        ("/rates", "price.rate_out_of_range"),
        ("/tiers/1/rates", "price.rate_out_of_range"),
        ("/variants/batch/rates", "price.rate_out_of_range"),
        ("/variants/fast/rates", "price.rate_out_of_range"),
    ]


@pytest.mark.parametrize("rate", [-1, MAX_RATE_NANO + 1])
def test_searches_have_bounds(rate: int) -> None:
    tariff = Tariff(Schedule(LOW), web_search=rate)
    assert refusals(replace(ASKED, tariff=tariff)) == [("/web_search", "price.rate_out_of_range")]


@pytest.mark.parametrize("thresholds", [[0], [5, 5], [7, 6], [MAX_COUNT + 1], list(range(1, 10))])
def test_tiers_rise_and_are_few(thresholds: list[int]) -> None:
    tariff = Tariff(Schedule(LOW, tuple(Tier(threshold, LOW) for threshold in thresholds)))
    assert refusals(replace(ASKED, tariff=tariff)) == [("/tiers", "price.tiers_invalid")]


@pytest.mark.parametrize("note", ["x" * 501, "two\nlines", "\ud800"])
def test_a_note_is_one_short_line(note: str) -> None:
    assert refusals(replace(ASKED, note=note)) == [("/note", "price.note_invalid")]


def test_all_that_is_wrong_is_said_at_once() -> None:
    asked = ManualPrice(" ", -1, None, (1, 0), "n" * 501)
    assert [pointer for pointer, _ in refusals(asked)] == [
        "/pattern",
        "/effective_from",
        "/multiplier",
        "/note",
        "/rates",
    ]
