"""Events that wait for a price: what can be charged is, whatever cannot stands beside it."""

from __future__ import annotations

import pytest

from ccmanage.core.clock import DAY, to_rfc3339
from ccmanage.core.money import NANO
from ccmanage.usage import late
from support.books import assert_books_clean
from support.gateway import Gateway, outcomes
from support.prices import add_flat_price
from support.world import World


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway.of(world)


def test_what_costs_too_much_does_not_hold_up_the_others(
    world: World, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than a chunk holds, and newer than the ones that can be charged."""
    monkeypatch.setattr(late, "CHUNK", 3)
    now = world.clock.now_ms()
    old = gateway.event(model="house", time=to_rfc3339(now - DAY))
    dear = [gateway.event(model="house", usage={"input_tokens": 10**9}) for _ in range(5)]
    assert outcomes(gateway.charge(old, *dear)) == ["unpriced"] * 6
    # 1,000 input and 100 output tokens at 100,000 credits a million: 110 credits; a thousand million: far too much.
    add_flat_price(world, "house", now - 2 * DAY, input="100000", output="100000")
    assert world.runtime.charge_late_prices() == 1
    assert gateway.balance() == 100 * NANO - 110 * NANO
    settlements = world.count("settlements")
    assert world.runtime.charge_late_prices() == 0
    assert world.count("settlements") == settlements, "a settlement of nothing is not written"
    assert world.count("unpriced_events", "settlement_id = 0") == 5
    assert_books_clean(world.runtime.database, world.clock)


def test_a_price_that_comes_too_late_for_some_charges_the_rest(world: World, gateway: Gateway) -> None:
    now = world.clock.now_ms()
    events = [gateway.event(model="house", time=to_rfc3339(now - days * DAY)) for days in (1, 2, 3, 4)]
    gateway.charge(*events)
    add_flat_price(world, "house", now - 3 * DAY + 1, input="1", output="0")
    assert world.runtime.charge_late_prices() == 2
    add_flat_price(world, "house", now - 5 * DAY, input="2", output="0")
    assert world.runtime.charge_late_prices() == 2
    assert gateway.balance() == 100 * NANO - 2 * 1_000_000 - 2 * 2_000_000
    assert_books_clean(world.runtime.database, world.clock)
