"""One spelling for each model, and patterns that mean what they say."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.pricing.names import is_exact, literal_prefix, matches, normalise_model


@pytest.mark.parametrize(
    ("spelt", "meant"),
    [
        ("claude-opus-5-5", "claude-opus-5-5"),
        ("  Claude-Opus-5-5 ", "claude-opus-5-5"),
        ("claude-opus-5-5[1m]", "claude-opus-5-5"),
        ("anthropic/claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("openrouter/anthropic/claude-sonnet-4.5:beta", "claude-sonnet-4.5"),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        ("anthropic.claude-3-sonnet-20240229-v1:0:200k", "claude-3-sonnet-20240229"),
        ("us.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
        ("us.anthropic.claude-opus-4-6-v1[1m]", "claude-opus-4-6"),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5-20251001"),
        ("apac.anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4-20250514"),
        ("global.anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("us-gov.anthropic.claude-sonnet-5-v1:0", "claude-sonnet-5"),
        ("bedrock/us.anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("bedrock/converse/us.anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("bedrock/eu-west-1/anthropic.claude-opus-4-5-v1:0", "claude-opus-4-5"),
        ("bedrock/us-gov-west-1/anthropic.claude-3-5-sonnet-20240620-v1:0", "claude-3-5-sonnet-20240620"),
        ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-4-5-v1:0", "claude-opus-4-5"),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5-5",
            "claude-opus-5-5",
        ),
        ("vertex_ai/claude-opus-4-5@20251101", "claude-opus-4-5-20251101"),
        ("claude-sonnet-4@20250514", "claude-sonnet-4-20250514"),
        ("claude-opus-5-5@default", "claude-opus-5-5"),
        ("claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet-v2-20241022"),
        ("projects/p/locations/global/publishers/anthropic/models/claude-sonnet-5", "claude-sonnet-5"),
        ("publishers/anthropic/models/claude-sonnet-5@latest", "claude-sonnet-5"),
        ("azure_ai/claude-opus-4-6", "claude-opus-4-6"),
        # Here the version is the model.
        ("anthropic.claude-v2:1", "claude-v2:1"),
        ("anthropic.claude-instant-v1", "claude-instant-v1"),
        # Somebody else's namespace stays what it is.
        ("acme/claude-opus-5-5", "acme/claude-opus-5-5"),
        ("gpt-5", "gpt-5"),
        ("", ""),
    ],
)
def test_every_vendor_spelling_leads_to_one_name(spelt: str, meant: str) -> None:
    assert normalise_model(spelt) == meant
    assert normalise_model(meant) == meant


@pytest.mark.parametrize(
    ("pattern", "fits", "misses"),
    [
        ("claude-opus-5", ["claude-opus-5"], ["claude-opus-5-5", "xclaude-opus-5", ""]),
        ("claude-opus-5*", ["claude-opus-5", "claude-opus-5-5"], ["claude-opus-4"]),
        ("*claude-v2*", ["claude-v2", "claude-v2:1", "my-claude-v2"], ["claude-2"]),
        ("*-latest", ["claude-opus-latest", "-latest"], ["latest", "claude-latest-x"]),
        ("claude-opus-5-####", ["claude-opus-5-2026"], ["claude-opus-5-202x", "claude-opus-5-20261"]),
        ("claude-?-x", ["claude-1-x", "claude-é-x"], ["claude--x", "claude-12-x"]),
        ("a*b*c", ["abc", "a-b-c", "abbc", "abcbc"], ["acb", "abcd", "bac"]),
        ("a**c", ["ac", "abc"], ["a"]),
        ("*", ["", "anything\nat all"], []),
        ("a.c[x]", ["a.c[x]"], ["abc[x]", "a.cx"]),
    ],
)
def test_patterns_are_anchored_globs(pattern: str, fits: list[str], misses: list[str]) -> None:
    assert [name for name in fits if not matches(pattern, name)] == []
    assert [name for name in misses if matches(pattern, name)] == []


def test_a_digit_is_one_of_ten() -> None:
    assert not matches("v#", "v٣")


def test_what_stands_before_the_first_wildcard() -> None:
    assert literal_prefix("claude-#-*") == "claude-"
    assert literal_prefix("claude-opus-5") == "claude-opus-5"
    assert literal_prefix("*") == ""
    assert is_exact("claude-opus-5")
    assert not any(map(is_exact, ("a*", "a?", "a#")))


@given(
    pattern=st.text(alphabet="ab?#*", max_size=8),
    name=st.text(alphabet="ab12\n", max_size=10),
)
def test_matching_agrees_with_the_plain_definition(pattern: str, name: str) -> None:
    meaning = {"*": "(.|\n)*", "?": "(.|\n)", "#": "[0-9]"}
    plain = "".join(meaning.get(character, character) for character in re.sub(r"\*+", "*", pattern))
    assert matches(pattern, name) == (re.fullmatch(plain, name) is not None)


def test_a_hostile_name_costs_no_time() -> None:
    started = time.perf_counter()
    assert not matches("*a" * 100 + "b", "a" * 200)
    assert time.perf_counter() - started < 1
