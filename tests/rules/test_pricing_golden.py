"""Golden vectors: we charge what the price library says, for every model, class, mode, tier and date."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from genai_prices import Usage, types
from genai_prices.data import providers
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.core.clock import parse_rfc3339, to_ms
from ccmanage.core.money import NANO
from ccmanage.pricing import library
from ccmanage.pricing.aliases import patterns_of
from ccmanage.pricing.book import PriceBook
from ccmanage.pricing.names import normalise_model
from ccmanage.pricing.rules import TokenCounts, cost_nano, cost_of

CAPTURE = Path(__file__).parents[1] / "fixtures/clients/claude_code_2.1.330_otlp_logs.json"
ANTHROPIC = next(provider for provider in providers if provider.id == "anthropic")
MODELS = {model.id: model for model in ANTHROPIC.models}

MOMENTS = [
    datetime(2025, 6, 1, 12, tzinfo=UTC),
    # The last instant before a change of price, and the first after it.
    datetime(2026, 3, 12, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(2026, 3, 13, tzinfo=UTC),
    datetime(2026, 10, 13, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(2026, 10, 14, tzinfo=UTC),
    datetime(2027, 12, 31, tzinfo=UTC),
]
MODES = [(None, None), ("batch", None), ("standard", "fast"), ("batch", "fast")]
COUNTS = [
    *(TokenCounts(**{name: 1_000_003}) for name in ("input", "output", "cache_read")),
    *(TokenCounts(**{name: 777_777}) for name in ("cache_write_5m", "cache_write_1h")),
    TokenCounts(web_searches=7),
    TokenCounts(12, 42, 5_000, 1_500, 500),
    # On and just above the thresholds, with caches as part of the input.
    TokenCounts(60_000, 333, 30_000, 6_000, 4_000, 1),
    TokenCounts(60_001, 333, 30_000, 6_000, 4_000, 1),
    TokenCounts(100_000, 999, 70_000, 20_000, 10_000),
    TokenCounts(100_000, 999, 70_001, 20_000, 10_000),
    TokenCounts(1, 1, 1, 1, 1, 1),
]


@cache
def book() -> PriceBook:
    return PriceBook(library.bundled().prices)


def library_nano(model: str, moment: datetime, counts: TokenCounts, mode: tuple[str | None, str | None]) -> int:
    usage = Usage(
        input_tokens=counts.total_input,
        output_tokens=counts.output,
        cache_read_tokens=counts.cache_read,
        cache_write_tokens=counts.cache_write_5m + counts.cache_write_1h,
        cache_write_5m_tokens=counts.cache_write_5m,
        cache_write_1h_tokens=counts.cache_write_1h,
        web_searches=counts.web_searches,
    )
    context = {}
    if mode[0] == "batch":
        context["processing"] = "batch"
    if mode[1] == "fast":
        context["speed"] = "fast"
    with localcontext(prec=60):
        price = MODELS[model].calc_price(
            usage, ANTHROPIC, genai_request_timestamp=moment, price_context=context or None
        )
        return int((price.total_price * NANO).quantize(Decimal(1), ROUND_HALF_EVEN))


def names_of(model: types.ModelInfo) -> Iterator[str]:
    """Return a name for each way in which the library lets this model be called."""
    for pattern in patterns_of(model.match):
        name = pattern.replace("####-##-##", "2026-09-28").replace("########", "20260928")
        yield name.replace("*", "")
        if "*" in pattern:
            yield name.replace("*", "x")


def test_the_library_is_taken_whole() -> None:
    found = library.bundled()
    assert found.skipped == ()
    assert len(MODELS) >= 27


def test_the_conversion_is_deterministic() -> None:
    assert library.bundled() == library.bundled()
    keys = [(price.pattern, price.effective_from) for price in library.bundled().prices]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_costs_what_the_library_says(model: str) -> None:
    name = next(names_of(MODELS[model]))
    for moment, mode in product(MOMENTS, MODES):
        price = book().price_for(name, to_ms(moment))
        assert price is not None
        ours = [cost_of(counts, price, *mode) for counts in COUNTS]
        assert ours == [library_nano(model, moment, counts, mode) for counts in COUNTS], (moment, mode)


@pytest.mark.parametrize("model", MODELS)
def test_every_alias_of_a_model_has_its_price(model: str) -> None:
    for name, moment in product(names_of(MODELS[model]), MOMENTS):
        answering = ANTHROPIC.find_model(name)
        assert answering is not None
        price = book().price_for(name, to_ms(moment))
        assert price is not None, name
        for mode in MODES:
            expected = library_nano(answering.id, moment, COUNTS[-2], mode)
            assert cost_of(COUNTS[-2], price, *mode) == expected, name


PIECES = st.sampled_from(
    [
        *("opus", "sonnet", "haiku", "fable", "mythos", "instant"),
        *("0", "1", "2", "3", "4", "5", "5-5", "4-5", "3-7", "3.5", "4.5", "5.5"),
        *("v1", "v2", "latest", "20251001", "2026-09-28"),
    ]
)


@given(st.lists(PIECES, min_size=1, max_size=4).map(lambda pieces: "-".join(["claude", *pieces])))
def test_a_name_has_a_price_when_the_library_knows_it(name: str) -> None:
    if normalise_model(name) != name:
        return
    answering = ANTHROPIC.find_model(name)
    price = book().price_for(name, to_ms(MOMENTS[-1]))
    assert (price is None) == (answering is None)
    if price is not None and answering is not None:
        expected = library_nano(answering.id, MOMENTS[-1], COUNTS[-2], MODES[0])
        assert cost_of(COUNTS[-2], price) == expected


@pytest.mark.parametrize("name", ["gpt-5", "claude", "claude-opus-6", "claude-fable-5-3", "acme/claude-opus-5-5", ""])
def test_what_the_library_does_not_know_is_unpriced(name: str) -> None:
    assert book().price_for(name, to_ms(MOMENTS[-1])) is None


@pytest.mark.parametrize(
    "name",
    [
        "claude-opus-5-5[1m]",
        "us.anthropic.claude-opus-5-5-v1:0",
        "anthropic/claude-opus-5.5",
        "vertex_ai/claude-opus-5-5@20260921",
        "Claude-Opus-5-5",
    ],
)
def test_vendor_spellings_cost_the_same(name: str) -> None:
    at = to_ms(MOMENTS[-1])
    price, plain = book().price_for(name, at), book().price_for("claude-opus-5-5", at)
    assert price is not None
    assert plain is not None
    assert price.same_terms(plain)


def test_the_captured_call_costs_what_claude_code_reports() -> None:
    """One real call: 13,388 micro-dollars by Claude Code's own reckoning."""
    exported = json.loads(CAPTURE.read_text())
    [call] = [
        facts
        for resource in exported["resourceLogs"]
        for scope in resource["scopeLogs"]
        for record in scope["logRecords"]
        if "cost_usd_micros" in (facts := {fact["key"]: fact["value"] for fact in record["attributes"]})
    ]
    numbers = {name: value["intValue"] for name, value in call.items() if "intValue" in value}
    price = book().price_for(call["model"]["stringValue"], parse_rfc3339(call["event.timestamp"]["stringValue"]))
    assert price is not None
    cost = cost_nano(
        price,
        numbers["input_tokens"],
        numbers["output_tokens"],
        numbers["cache_read_tokens"],
        numbers["cache_creation_5m_tokens"],
        numbers["cache_creation_1h_tokens"],
        speed=call["speed"]["stringValue"],
    )
    assert numbers["cost_usd_micros"] == 13_388
    assert cost == numbers["cost_usd_micros"] * 1_000
