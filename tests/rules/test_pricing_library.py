"""What the library says becomes our rows, and what our rows cannot say is left out with its reason."""

import json
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from genai_prices import types
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from ccmanage.core.clock import parse_rfc3339
from ccmanage.pricing.aliases import UnsupportedMatch, patterns_of
from ccmanage.pricing.errors import LibraryUnreadable
from ccmanage.pricing.imports import LibraryPrices
from ccmanage.pricing.library import convert, from_file
from ccmanage.pricing.rules import Rates, Schedule, Tier

PLAIN = ModelPrice(input_mtok=Decimal(3), output_mtok=Decimal(15))
BATCH = {"processing": "batch"}


def converted(*models: ModelInfo) -> LibraryPrices:
    return convert([types.Provider(id="anthropic", name="A", api_pattern="", models=list(models))])


def model(prices: Any = PLAIN, variants: list[PriceVariant] | None = None, name: str = "m") -> ModelInfo:
    return ModelInfo(id=name, match=ClauseEquals(name), prices=prices, price_variants=variants)


@pytest.mark.parametrize(
    ("clause", "patterns"),
    [
        (ClauseEquals("claude-X"), ["claude-x"]),
        (ClauseStartsWith("claude-3"), ["claude-3*"]),
        (ClauseEndsWith("-opus"), ["*-opus"]),
        (ClauseContains("v2"), ["*v2*"]),
        (ClauseRegex(r"^claude-5\.1-\d{8}$"), ["claude-5.1-########"]),
        (ClauseRegex(r"^x-\d\d$"), ["x-##"]),
        (ClauseRegex(r"^m[-@]\d{4}$"), ["m-####"]),
        (ClauseRegex(r"^m[_.]x$"), ["m_x", "m.x"]),
        (ClauseOr(or_=[ClauseEquals("a"), ClauseOr(or_=[ClauseEquals("b"), ClauseEquals("a")])]), ["a", "b"]),
        (ClauseEquals("anthropic/m"), ["m"]),
    ],
)
def test_clauses_become_patterns(clause: types.MatchLogic, patterns: list[str]) -> None:
    assert patterns_of(clause) == patterns


@pytest.mark.parametrize(
    "clause",
    [
        ClauseAnd(and_=[ClauseEquals("a")]),
        ClauseEquals("a*"),
        ClauseRegex("claude"),
        ClauseRegex("^claude"),
        ClauseRegex("^(a|b)$"),
        ClauseRegex("^a.b$"),
    ],
)
def test_clauses_that_no_pattern_can_say_are_refused(clause: types.MatchLogic) -> None:
    with pytest.raises(UnsupportedMatch):
        patterns_of(clause)


def test_a_class_without_a_price_costs_what_surrounds_it() -> None:
    [price] = converted(model()).prices
    assert price.standard.rates == Rates(3 * 10**9, 15 * 10**9, 3 * 10**9, 3 * 10**9, 3 * 10**9)
    [price] = converted(model(ModelPrice(input_mtok=Decimal(3), cache_write_mtok=Decimal(4)))).prices
    assert price.standard.rates == Rates(3 * 10**9, 0, 3 * 10**9, 4 * 10**9, 4 * 10**9)
    [price] = converted(model(ModelPrice(cache_write_5m_mtok=Decimal(4), cache_write_1h_mtok=Decimal(6)))).prices
    assert price.standard.rates == Rates(0, 0, 0, 4 * 10**9, 6 * 10**9)
    assert converted(model(ModelPrice())).prices[0].standard.rates == Rates(0, 0, 0, 0, 0)


def test_tiers_of_single_classes_are_joined() -> None:
    [price] = converted(
        model(
            ModelPrice(
                input_mtok=TieredPrices(Decimal(1), [types.Tier(100, Decimal(2)), types.Tier(300, Decimal(3))]),
                output_mtok=TieredPrices(Decimal(5), [types.Tier(200, Decimal(6))]),
            )
        )
    ).prices
    n = 10**9
    assert price.standard == Schedule(
        Rates(n, 5 * n, n, n, n),
        (
            Tier(100, Rates(2 * n, 5 * n, 2 * n, 2 * n, 2 * n)),
            Tier(200, Rates(2 * n, 6 * n, 2 * n, 2 * n, 2 * n)),
            Tier(300, Rates(3 * n, 6 * n, 3 * n, 3 * n, 3 * n)),
        ),
    )


def test_each_change_of_price_starts_a_row() -> None:
    dated = [
        ConditionalPrice(prices=PLAIN),
        ConditionalPrice(StartDateConstraint(date(2026, 3, 13)), prices=ModelPrice(input_mtok=Decimal(1))),
        ConditionalPrice(StartDateConstraint(date(2026, 5, 1)), prices=ModelPrice(input_mtok=Decimal(1))),
    ]
    half = PriceVariant(BATCH, ModelPrice(input_mtok=Decimal("0.5")), StartDateConstraint(date(2026, 7, 1)))
    first, second, third = converted(model(dated, [half])).prices
    assert first.effective_from == 0
    assert second.effective_from == parse_rfc3339("2026-03-13T00:00:00Z")
    assert third.effective_from == parse_rfc3339("2026-07-01T00:00:00Z")
    assert (first.batch, second.batch) == (None, None)
    assert third.batch is not None
    assert third.batch.rates.input == 5 * 10**8
    assert third.fast is None


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (model(ModelPrice(input_mtok=Decimal(1), input_audio_mtok=Decimal(1))), "input_audio_mtok"),
        (model(ModelPrice(input_mtok=Decimal("1e-10"))), "no whole number of nano-credits"),
        (model(ModelPrice(input_mtok=Decimal(-1))), "no whole number of nano-credits"),
        (model(ModelPrice(web_searches_kcount=TieredPrices(Decimal(1), []))), "tiers for web_searches_kcount"),
        (model([ConditionalPrice(TimeOfDateConstraint(time(1), time(2)), prices=PLAIN)]), "time of day"),
        (model(variants=[PriceVariant(BATCH, ModelPrice(web_searches_kcount=Decimal(1)))]), "web searches for batch"),
        (ModelInfo(id="m", match=ClauseRegex("x"), prices=PLAIN), "a name that must fit"),
    ],
)
def test_what_a_row_cannot_say_is_left_out_with_its_reason(bad: ModelInfo, reason: str) -> None:
    found = converted(bad, model(name="good"))
    assert [price.pattern for price in found.prices] == ["good"]
    [skipped] = found.skipped
    assert skipped.model == "m"
    assert reason in skipped.reason


def test_a_variant_that_we_do_not_know_is_named_and_the_rest_is_kept() -> None:
    found = converted(model(variants=[PriceVariant({"region": "eu", "a": "b"}, ModelPrice(input_mtok=Decimal(9)))]))
    assert len(found.prices) == 1
    assert [skipped.reason for skipped in found.skipped] == ["variant a=b, region=eu is not charged apart"]


def test_the_first_model_that_answers_to_a_name_has_it() -> None:
    dear = ModelInfo(id="dear", match=ClauseEquals("m"), prices=ModelPrice(input_mtok=Decimal(99)))
    [price] = converted(model(), dear).prices
    assert price.standard.rates.input == 3 * 10**9


DATA = [
    {"id": "other", "name": "O", "api_pattern": "o", "models": []},
    {
        "id": "anthropic",
        "name": "Anthropic",
        "api_pattern": "https://api\\.anthropic\\.com",
        "models": [
            {
                "id": "claude-next",
                "match": {"or": [{"equals": "claude-next"}, {"regex": "^claude-next-\\d{8}$"}]},
                "prices": [
                    {"prices": {"input_mtok": 0.3, "output_mtok": {"base": 1, "tiers": [{"start": 10, "price": 2}]}}},
                    {"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 0.2}},
                ],
            }
        ],
    },
]


def test_newer_data_can_come_as_a_file(tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    file.write_text(json.dumps(DATA))
    prices = from_file(file).prices
    assert [(price.pattern, price.effective_from > 0) for price in prices] == [
        ("claude-next", False),
        ("claude-next", True),
        ("claude-next-########", False),
        ("claude-next-########", True),
    ]
    assert prices[0].standard.rates.input == 300_000_000
    assert prices[0].standard.tiers[0].above_input_tokens == 10


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        "[1]",
        "[]",
        '[{"id": "anthropic"}]',
        '[{"id":"anthropic","name":"A","api_pattern":"","models":[{}]}]',
        "\udcff",
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "data.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(LibraryUnreadable):
        from_file(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LibraryUnreadable):
        from_file(tmp_path / "none.json")
