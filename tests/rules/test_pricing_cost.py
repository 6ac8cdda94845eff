"""The cost of one call: exact, rounded once, and explained line by line."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.core.money import MAX_EVENT_NANO, NANO, format_credits
from ccmanage.pricing.errors import CostOutOfRange, CountOutOfRange
from ccmanage.pricing.receipts import LineClass, format_atto, receipt_of
from ccmanage.pricing.rules import (
    MAX_COUNT,
    MAX_RATE_NANO,
    Origin,
    Price,
    Rates,
    Schedule,
    Tier,
    TokenCounts,
    cost_nano,
    cost_of,
)

CLASSES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


def usd(*dollars: float) -> Rates:
    return Rates(*(round(dollar * NANO) for dollar in dollars))


OPUS = Price(
    "claude-opus-5-5",
    Origin.LIBRARY,
    0,
    Schedule(usd(4, 20, 0.2, 5, 8)),
    batch=Schedule(usd(2, 10, 0.1, 2.5, 4)),
    fast=Schedule(usd(8, 40, 0.4, 10, 16)),
    web_search=10 * NANO,
)
HAIKU = Price(
    "claude-haiku-5-5",
    Origin.LIBRARY,
    0,
    Schedule(usd(0.1, 0.5, 0.01, 0.125, 0.2), (Tier(100_000, usd(0.5, 2.5, 0.05, 0.625, 1)),)),
    web_search=10 * NANO,
)
THREE = Price(
    "three",
    Origin.MANUAL,
    0,
    Schedule(usd(1, 1, 1, 1, 1), (Tier(10, usd(2, 2, 2, 2, 2)), Tier(20, usd(3, 3, 3, 3, 3)))),
)

counts = st.builds(TokenCounts, *(st.integers(0, MAX_COUNT) for _ in range(5)), st.integers(0, 1_000))
small_counts = st.builds(TokenCounts, *(st.integers(0, 300_000) for _ in range(5)), st.integers(0, 20))
rates = st.builds(Rates, *(st.integers(0, 200 * NANO) for _ in range(5)))
schedules = st.builds(
    lambda base, above, higher: Schedule(base, (Tier(above, higher),) if above else ()),
    rates,
    st.integers(0, 500_000),
    rates,
)
prices = st.builds(
    Price,
    pattern=st.just("m"),
    origin=st.just(Origin.MANUAL),
    effective_from=st.just(0),
    standard=schedules,
    batch=st.none() | schedules,
    fast=st.none() | schedules,
    web_search=st.integers(0, 100 * NANO),
    multiplier_numerator=st.integers(0, 1_000),
    multiplier_denominator=st.integers(1, 1_000),
)
modes = st.tuples(
    st.sampled_from([None, "standard", "priority", "batch"]),
    st.sampled_from([None, "standard", "normal", "fast"]),
    st.sampled_from([None, "global", "not_available", "us"]),
)


def test_the_captured_claude_code_call_costs_what_it_says() -> None:
    call = TokenCounts(input=12, output=42, cache_read=5_000, cache_write_5m=1_500, cache_write_1h=500)
    assert cost_of(call, OPUS, "standard", "normal") == 13_388_000


@pytest.mark.parametrize(("input_tokens", "credits"), [(100_000, "0.01"), (100_001, "0.0500005")])
def test_a_tier_prices_the_whole_request(input_tokens: int, credits: str) -> None:
    assert format_credits(cost_of(TokenCounts(input=input_tokens), HAIKU)) == credits


@pytest.mark.parametrize("name", ["cache_read", "cache_write_5m", "cache_write_1h"])
def test_caches_count_towards_the_tier(name: str) -> None:
    call = TokenCounts(**{"input": 1, name: 100_000})
    high = HAIKU.standard.tiers[0].rates
    assert cost_of(call, HAIKU) == (high.input + 100_000 * getattr(high, name)) // 1_000_000
    assert cost_of(TokenCounts(output=200_000), HAIKU) == 200_000 * HAIKU.standard.rates.output // 1_000_000


@pytest.mark.parametrize(("tokens", "rate"), [(10, 1), (11, 2), (20, 2), (21, 3), (1_000_000, 3)])
def test_the_highest_tier_that_is_passed_holds(tokens: int, rate: int) -> None:
    assert cost_of(TokenCounts(input=tokens), THREE) == tokens * rate * 1_000


@pytest.mark.parametrize(
    ("service_tier", "speed", "dollars"),
    [
        (None, None, 4),
        ("standard", "standard", 4),
        ("priority", "normal", 4),
        ("batch", None, 2),
        ("batch", "fast", 2),
        ("standard", "fast", 8),
    ],
)
def test_batch_and_fast_have_their_own_rates(service_tier: str | None, speed: str | None, dollars: int) -> None:
    assert cost_of(TokenCounts(input=1_000_000), OPUS, service_tier, speed) == dollars * NANO


def test_without_own_rates_batch_and_fast_cost_the_standard() -> None:
    call = TokenCounts(input=1_000_000)
    assert cost_of(call, THREE, "batch", "fast") == cost_of(call, THREE)


def test_the_us_surcharge_is_on_tokens_and_not_on_searches() -> None:
    call = TokenCounts(input=1_000_000, web_searches=3)
    assert cost_of(call, OPUS, geography="global") == 4 * NANO + 30_000_000
    assert cost_of(call, OPUS, geography="us") == 44 * NANO // 10 + 30_000_000


@pytest.mark.parametrize(
    ("tokens", "cost"),
    [(1, 0), (2, 1), (3, 2), (5, 2), (7, 4)],  # halves: 0.5→0, 1, 1.5→2, 2.5→2, 3.5→4
)
def test_halves_go_to_the_even_neighbour(tokens: int, cost: int) -> None:
    half = Price("half", Origin.MANUAL, 0, Schedule(Rates(500_000, 0, 0, 0, 0)))
    assert cost_of(TokenCounts(input=tokens), half) == cost


def test_it_is_rounded_once_and_not_per_line() -> None:
    third = Price("third", Origin.MANUAL, 0, Schedule(Rates(400_000, 400_000, 400_000, 0, 0)))
    assert cost_of(TokenCounts(input=1, output=1, cache_read=1), third) == 1  # 3 * 0.4 = 1.2


@pytest.mark.parametrize("name", [*CLASSES, "web_searches"])
@pytest.mark.parametrize("value", [-1, MAX_COUNT + 1])
def test_counts_have_bounds(name: str, value: int) -> None:
    with pytest.raises(CountOutOfRange):
        TokenCounts(**{name: value})


def test_an_event_cannot_cost_more_than_an_event_may() -> None:
    dear = Price("dear", Origin.MANUAL, 0, Schedule(Rates(MAX_RATE_NANO, 0, 0, 0, 0)))
    assert cost_of(TokenCounts(input=1_000_000), dear) == MAX_EVENT_NANO
    with pytest.raises(CostOutOfRange) as refused:
        cost_of(TokenCounts(input=1_000_001), dear)
    assert refused.value.code == "event.cost_out_of_range"
    with pytest.raises(CostOutOfRange):
        cost_nano(dear, -1, 0, 0, 0, 0)


def test_a_billion_of_each_class_at_list_prices_is_still_exact() -> None:
    call = TokenCounts(*(MAX_COUNT,) * 5)
    assert cost_of(call, OPUS) == 1_000 * (4 + 20 + 5 + 8) * NANO + 200 * NANO


@given(counts=small_counts, price=prices, mode=modes)
def test_the_cost_is_the_exact_sum_rounded_once(
    counts: TokenCounts, price: Price, mode: tuple[str | None, str | None, str | None]
) -> None:
    service_tier, speed, geography = mode
    found = price.schedule_for(service_tier, speed).rates_for(counts.total_input)
    exact = sum((Fraction(getattr(counts, name) * getattr(found, name), 1_000_000) for name in CLASSES), Fraction())
    if geography == "us":
        exact *= Fraction(11, 10)
    exact += Fraction(counts.web_searches * price.web_search, 1_000)
    exact *= Fraction(price.multiplier_numerator, price.multiplier_denominator)
    # Fraction rounds half to even, as we must.
    assert cost_of(counts, price, *mode) == round(exact)


@given(counts=small_counts, price=prices, mode=modes, name=st.sampled_from(CLASSES), more=st.integers(1, 1_000))
def test_more_tokens_never_cost_less(
    counts: TokenCounts, price: Price, mode: tuple[str | None, str | None, str | None], name: str, more: int
) -> None:
    flat = Price("flat", Origin.MANUAL, 0, Schedule(price.standard.rates), web_search=price.web_search)
    values = {key: getattr(counts, key) for key in (*CLASSES, "web_searches")}
    larger = TokenCounts(**{**values, name: values[name] + more})
    assert cost_of(larger, flat, *mode) >= cost_of(counts, flat, *mode)


@given(counts=counts, price=prices, mode=modes)
def test_no_count_within_bounds_escapes_the_bounds(
    counts: TokenCounts, price: Price, mode: tuple[str | None, str | None, str | None]
) -> None:
    try:
        cost = cost_of(counts, price, *mode)
    except CostOutOfRange:
        return
    assert 0 <= cost <= MAX_EVENT_NANO


@given(counts=small_counts, price=prices, mode=modes)
def test_the_lines_of_a_receipt_add_up_to_the_charge(
    counts: TokenCounts, price: Price, mode: tuple[str | None, str | None, str | None]
) -> None:
    receipt = receipt_of(counts, price, *mode)
    assert receipt.total_nano == cost_of(counts, price, *mode)
    assert sum(line.amount_atto for line in receipt.lines) == receipt.total_nano * NANO
    for line in receipt.lines:
        if line.kind is LineClass.ROUNDING:
            # Half a nano-credit at most, and what the multiplier's own line lost in its 19th digit.
            assert abs(line.amount_atto) <= NANO // 2 + 1
        elif line.rate_per_million is not None:
            assert line.quantity
            assert Fraction(line.amount_atto, NANO) == Fraction(line.quantity * line.rate_per_million, 1_000_000)


def test_a_receipt_names_each_step() -> None:
    marked_up = Price(
        "m", Origin.MANUAL, 0, OPUS.standard, web_search=10 * NANO, multiplier_numerator=6, multiplier_denominator=5
    )
    receipt = receipt_of(TokenCounts(input=7, output=1, web_searches=1), marked_up, geography="us")
    assert [(line.kind.value, line.quantity, format_atto(line.amount_atto)) for line in receipt.lines] == [
        ("input", 7, "0.000028"),
        ("output", 1, "0.00002"),
        ("geography", None, "0.0000048"),
        ("web_search", 1, "0.01"),
        ("multiplier", None, "0.00201056"),
    ]
    assert format_credits(receipt.total_nano) == "0.01206336"


def test_a_receipt_shows_the_rounding() -> None:
    odd = Price("odd", Origin.MANUAL, 0, Schedule(Rates(400_000, 0, 0, 0, 0)))
    [tokens, rounding] = receipt_of(TokenCounts(input=4), odd).lines
    assert (tokens.kind, format_atto(tokens.amount_atto)) == (LineClass.INPUT, "0.0000000016")
    assert (rounding.kind, format_atto(rounding.amount_atto)) == (LineClass.ROUNDING, "0.0000000004")


def test_nothing_used_is_an_empty_receipt() -> None:
    assert receipt_of(TokenCounts(), OPUS).lines == ()


@pytest.mark.parametrize(
    ("atto", "text"), [(0, "0"), (10**18, "1"), (-15 * 10**17, "-1.5"), (1, "0.000000000000000001"), (10**19, "10")]
)
def test_atto_credits_are_written_exactly(atto: int, text: str) -> None:
    assert format_atto(atto) == text
