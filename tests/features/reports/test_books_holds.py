"""I10: what a hold stood on is proven, and whatever is not as it was is found."""

from __future__ import annotations

import pytest

from ccmanage.admission.service import WantedHold
from ccmanage.core.money import NANO
from ccmanage.reports.books.audit import audit_books
from support.books import assert_books_clean
from support.gateway import Gateway
from support.world import World

CASES = [
    ("amount_nano = available_before_nano + 1", {"I10 covered"}),
    ("amount_nano = 0", {"I10 covered"}),
    ("available_before_nano = available_before_nano + 1", {"I10 available"}),
    ("overdraft_nano = 1", {"I10 available"}),
    ("ledger_seq = 99", {"I10 available"}),
    ("held_before_nano = -1, available_before_nano = available_before_nano + 1", {"I10 covered"}),
    ("state = 1", {"I10 ended"}),
    ("ended_at = 5", {"I10 ended"}),
    ("settlement_id = 5", {"I10 ended"}),
]


@pytest.fixture
def gateway(world: World) -> Gateway:
    gateway = Gateway.of(world, credits="10")
    for _ in range(2):
        with world.scope() as scope:
            scope.admission.hold(WantedHold(gateway.api_key, 4 * NANO, 600, gateway.id))
    return gateway


def found(world: World) -> set[str]:
    report = audit_books(world.runtime.database, world.clock, full=True)
    assert report.complete
    return {f"{one.invariant} {one.check}" for one in report.findings}


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_what_is_changed_is_found(world: World, gateway: Gateway, change: str, expected: set[str]) -> None:
    assert assert_books_clean(world.runtime.database, world.clock).checked["holds"] == 2
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE holds SET {change} WHERE held_before_nano = 0")
    assert expected <= found(world)


def test_a_hold_that_overlooked_another_is_found(world: World, gateway: Gateway) -> None:
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE holds SET held_before_nano = 0, available_before_nano = {10 * NANO} WHERE held_before_nano > 0"
        )
    assert found(world) == {"I10 held"}
