"""May this key spend: every code, in their fixed order, as tables and by properties."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.admission.rules import (
    Ask,
    Code,
    Counts,
    Measure,
    Meter,
    Snapshot,
    Verdict,
    decide,
    gate,
    meter_named,
    spent,
)
from ccmanage.keys.limits import read_range
from ccmanage.packages.limits import Window
from ccmanage.packages.rules import UNLIMITED_NANO

NOW = 1_000_000
GOOD = Snapshot(1, b"k" * 16, 2, b"w" * 16, NOW, balance=10)
HERE = (read_range("192.0.2.0/24"),)

# Each makes one code true, in the order in which they are told.
FAULTS: list[tuple[Code, dict[str, Any]]] = [
    (Code.REVOKED, {"is_revoked": True}),
    (Code.EXPIRED, {"expires_at": NOW}),
    (Code.DISABLED, {"is_disabled": True}),
    (Code.WORKSPACE_SUSPENDED, {"is_suspended": True}),
    (Code.IP_NOT_ALLOWED, {"ip_allow": HERE}),
    (Code.MODEL_NOT_ALLOWED, {"models_deny": ("claude-opus-*",)}),
    (Code.RATE_LIMITED, {"requests": (Meter(Measure.REQUESTS, Window.MINUTE, 0, 0, 2 * NOW),)}),
    (Code.BUDGET_EXCEEDED, {"meters": (Meter(Measure.CREDITS, Window.DAY, 5, 0, 2 * NOW, used=5),)}),
    (Code.INSUFFICIENT_CREDITS, {"balance": 0}),
]
ASK = Ask("claude-opus-4-5", "198.51.100.1")


def verdict(found: Snapshot | None, ask: Ask = ASK, counts: Counts | None = None) -> Code:
    """Decide as verify does; requests over their limit block."""
    code = gate(found, ask, NOW)
    if code is not Code.VALID or found is None:
        return code
    blocked = next((meter.name for meter in found.requests if meter.used >= meter.limit), "")
    return decide(spent(found, ask), counts or Counts(blocked_by=blocked)).code


def test_an_unknown_key() -> None:
    assert verdict(None) is Code.NOT_FOUND


def test_a_good_key_is_valid() -> None:
    assert verdict(GOOD) is Code.VALID


@pytest.mark.parametrize(("code", "fault"), FAULTS)
def test_each_code_alone(code: Code, fault: dict[str, Any]) -> None:
    assert verdict(replace(GOOD, **fault)) is code


@given(st.sets(st.integers(0, len(FAULTS) - 1), min_size=1))
def test_of_several_the_first_is_told(chosen: set[int]) -> None:
    found = GOOD
    for place in sorted(chosen, reverse=True):
        found = replace(found, **FAULTS[place][1])
    assert verdict(found) is FAULTS[min(chosen)][0]


@pytest.mark.parametrize(
    ("expires_at", "code"), [(0, Code.VALID), (NOW + 1, Code.VALID), (NOW, Code.EXPIRED), (NOW - 1, Code.EXPIRED)]
)
def test_a_key_expires_at_its_instant(expires_at: int, code: Code) -> None:
    assert verdict(replace(GOOD, expires_at=expires_at)) is code


@pytest.mark.parametrize(
    ("allow", "deny", "ip", "allowed"),
    [
        ((), (), "", True),
        ((), (), "nonsense", True),
        (("192.0.2.0/24",), (), "192.0.2.7", True),
        (("192.0.2.0/24",), (), "::ffff:192.0.2.7", True),
        (("192.0.2.0/24",), (), "192.0.3.7", False),
        (("192.0.2.0/24",), (), "", False),
        (("192.0.2.0/24",), (), "nonsense", False),
        (("2001:db8::/32",), (), "2001:db8::1", True),
        (("2001:db8::/32",), (), "192.0.2.7", False),
        ((), ("192.0.2.7",), "192.0.2.7", False),
        ((), ("192.0.2.7",), "192.0.2.8", True),
        ((), ("192.0.2.7",), "", True),
        ((), ("192.0.2.7",), "nonsense", False),
        (("192.0.2.0/24",), ("192.0.2.7/32",), "192.0.2.7", False),
    ],
)
def test_addresses(allow: tuple[str, ...], deny: tuple[str, ...], ip: str, allowed: bool) -> None:
    found = replace(GOOD, ip_allow=tuple(map(read_range, allow)), ip_deny=tuple(map(read_range, deny)))
    assert (verdict(found, Ask("", ip)) is Code.VALID) is allowed


@pytest.mark.parametrize(
    ("allow", "deny", "model", "allowed"),
    [
        ((), (), "anything", True),
        ((("claude-sonnet-*",),), (), "claude-sonnet-4-5", True),
        ((("claude-sonnet-*",),), (), "us.anthropic.claude-sonnet-4-5-20250929-v1:0", True),
        ((("claude-sonnet-*",),), (), "claude-opus-4-5", False),
        ((("claude-sonnet-*",),), (), "", True),
        ((("claude-*",), ("claude-sonnet-*",)), (), "claude-opus-4-5", False),
        ((("claude-*",), ("claude-sonnet-*",)), (), "claude-sonnet-4-5", True),
        ((), ("*opus*",), "bedrock/anthropic.claude-opus-4-5-v1:0", False),
        ((("*",),), ("*opus*",), "claude-opus-4-5", False),
    ],
)
def test_models(allow: tuple[tuple[str, ...], ...], deny: tuple[str, ...], model: str, allowed: bool) -> None:
    found = replace(GOOD, models_allow=allow, models_deny=deny)
    assert (verdict(found, Ask(model)) is Code.VALID) is allowed


@pytest.mark.parametrize(
    ("measure", "used", "estimate", "expected"),
    [
        (Measure.TOKENS, 9, None, Verdict(Code.VALID)),
        (Measure.TOKENS, 10, None, Verdict(Code.RATE_LIMITED, "tokens.day")),
        (Measure.CREDITS, 9, None, Verdict(Code.VALID)),
        (Measure.CREDITS, 9, 1, Verdict(Code.VALID)),
        (Measure.CREDITS, 9, 2, Verdict(Code.BUDGET_EXCEEDED, "credits.day")),
        (Measure.CREDITS, 10, None, Verdict(Code.BUDGET_EXCEEDED, "credits.day")),
        (Measure.CREDITS, 10, 0, Verdict(Code.BUDGET_EXCEEDED, "credits.day")),
    ],
)
def test_windows_of_tokens_and_credits(measure: Measure, used: int, estimate: int | None, expected: Verdict) -> None:
    meter = Meter(measure, Window.DAY, 10, 0, 2 * NOW, used)
    assert spent(replace(GOOD, meters=(meter,)), Ask(estimated_nano=estimate)) == expected


def test_too_many_tokens_are_told_before_the_budget() -> None:
    both = (Meter(Measure.CREDITS, Window.DAY, 0, 0, 1), Meter(Measure.TOKENS, Window.MINUTE, 0, 0, 1))
    assert spent(replace(GOOD, meters=both), Ask()).exceeded == "tokens.minute"


@pytest.mark.parametrize(
    ("balance", "held", "overdraft", "estimate", "enough"),
    [
        (1, 0, 0, None, True),
        (0, 0, 0, None, False),
        (-5, 0, 0, None, False),
        (5, 5, 0, None, False),
        (5, 4, 0, None, True),
        (5, 0, 0, 5, True),
        (5, 0, 0, 6, False),
        (5, 3, 0, 3, False),
        (0, 0, 3, None, True),
        (-3, 0, 3, None, False),
        (-2, 0, 3, 1, True),
        (-2, 0, 3, 2, False),
        (0, 0, 0, 0, False),
        (-(10**18), 0, UNLIMITED_NANO, 10**18, True),
    ],
)
def test_credits(balance: int, held: int, overdraft: int, estimate: int | None, enough: bool) -> None:
    found = replace(GOOD, balance=balance, held=held, overdraft=overdraft)
    assert (spent(found, Ask(estimated_nano=estimate)).code is Code.VALID) is enough


def test_what_is_available_is_a_number_also_without_an_end_below() -> None:
    assert replace(GOOD, balance=5, held=2, overdraft=4).available == 7
    assert replace(GOOD, balance=5, held=2, overdraft=UNLIMITED_NANO).available == 3


def test_counts_go_before_what_is_settled() -> None:
    poor = Verdict(Code.INSUFFICIENT_CREDITS)
    assert decide(poor, Counts(blocked_by="concurrency")) == Verdict(Code.RATE_LIMITED, "concurrency")
    assert decide(poor, Counts()) == poor


def test_the_first_window_to_end_makes_the_snapshot_old() -> None:
    first, second = (Meter(Measure.TOKENS, Window.DAY, 1, 0, at) for at in (30, 20))
    assert GOOD.holds_until == 0
    assert replace(GOOD, meters=(first,), requests=(second,)).holds_until == 20
    assert meter_named(replace(GOOD, meters=(first,)), "tokens.day") is first
    assert meter_named(GOOD, "concurrency") is None


@given(
    balance=st.integers(-(4 * 10**18), 4 * 10**18),
    held=st.integers(0, 4 * 10**18),
    overdraft=st.integers(0, UNLIMITED_NANO - 1),
    estimate=st.none() | st.integers(0, 10**18),
    used=st.integers(0, 10**18),
    limit=st.integers(0, 10**18),
)
def test_valid_means_that_everything_is_covered(
    balance: int, held: int, overdraft: int, estimate: int | None, used: int, limit: int
) -> None:
    meter = Meter(Measure.CREDITS, Window.DAY, limit, 0, 2 * NOW, used)
    found = replace(GOOD, balance=balance, held=held, overdraft=overdraft, meters=(meter,))
    code = spent(found, Ask(estimated_nano=estimate)).code
    wanted = estimate or 0
    covered = balance - held + overdraft > 0 and balance - held + overdraft >= wanted
    inside = used < limit and used + wanted <= limit
    assert (code is Code.VALID) is (covered and inside)
