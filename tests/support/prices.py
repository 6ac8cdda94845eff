"""Prices for tests."""

from __future__ import annotations

from ccmanage.core.money import parse_credits
from ccmanage.pricing.rules import Rates, Schedule
from ccmanage.pricing.terms import ManualPrice, Tariff
from support.world import World


def add_flat_price(world: World, pattern: str, effective_from: int, *, input: str, output: str) -> None:
    """Add a manual price of so many credits a million tokens; cache tokens cost what input costs."""
    rate = parse_credits(input)
    rates = Rates(rate, parse_credits(output), rate, rate, rate)
    with world.scope() as scope:
        scope.pricing.add_manual(ManualPrice(pattern, effective_from, Tariff(Schedule(rates))))
