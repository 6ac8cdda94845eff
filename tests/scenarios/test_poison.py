"""What a settlement cannot write is found, set aside or put off, and holds nobody up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmanage.core.money import NANO
from ccmanage.usage import settlement
from ccmanage.usage.poison import find_culprits
from support.books import assert_books_clean
from support.gateway import COST, Gateway, outcomes
from support.world import World


@given(st.integers(1, 60), st.sets(st.integers(0, 59)))
def test_all_culprits_are_found(count: int, bad: set[int]) -> None:
    bad = {number for number in bad if number < count}
    trials: list[Sequence[int]] = []

    def trial(some: Sequence[int]) -> str | None:
        trials.append(some)
        return f"fails on {min(bad & set(some))}" if bad & set(some) else None

    if not bad:
        return
    found: dict[int, str] = {}
    find_culprits(range(count), "together", trial, 60, found)
    assert found.keys() == bad
    assert len(trials) <= 2 * len(bad) * count.bit_length()


def test_what_fails_only_together_is_nobodys_fault() -> None:
    found: dict[int, str] = {}
    find_culprits([1, 2, 3, 4], "together", lambda some: "both" if {1, 4} <= set(some) else None, 60, found)
    assert not found


def test_a_search_ends_with_what_was_found_in_time() -> None:
    found: dict[int, str] = {}
    find_culprits(range(100), "all", lambda _some: "bad", 0, found)
    assert len(found) == 1


def test_what_was_found_survives_a_search_that_is_broken_off() -> None:
    found: dict[int, str] = {}
    left = [8]

    def trial(_some: Sequence[int]) -> str | None:
        left[0] -= 1
        if not left[0]:
            raise TimeoutError
        return "bad"

    with pytest.raises(TimeoutError):
        find_culprits(range(8), "all", trial, 60, found)
    assert found


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway.of(world)


@pytest.fixture
def break_writing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], bool]], None]:
    """Let writing fail for plans that fulfil a condition."""
    real = settlement.write_plan

    def arm(breaks: Callable[[Any], bool]) -> None:
        def write(connection: Any, plan: Any, settlement_id: int, now: int) -> None:
            if breaks(plan):
                raise ValueError("cannot be written")
            real(connection, plan, settlement_id, now)

        monkeypatch.setattr(settlement, "write_plan", write)

    return arm


def poisonous(plan: Any) -> bool:
    return any(row[1].startswith(b"poison") for row in plan.events)


def test_many_poison_events_of_one_post(world: World, gateway: Gateway, break_writing: Any) -> None:
    break_writing(poisonous)
    events = [gateway.event(id=f"poison{number}") for number in range(30)]
    sick = gateway.post(*events, gateway.event())
    healthy = gateway.post(gateway.event())
    gateway.settle()
    assert outcomes(gateway.batch(healthy)) == ["inserted"]
    assert outcomes(gateway.batch(sick)) == [*["quarantined"] * 30, "inserted"]
    assert gateway.balance() == 100 * NANO - 2 * COST
    assert_books_clean(world.runtime.database, world.clock)


def test_a_post_with_too_much_poison_waits_and_the_others_go_on(
    world: World, gateway: Gateway, break_writing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each search finds one culprit here: after three of them the post waits, and what was found is remembered."""
    monkeypatch.setattr(settlement, "_SEARCH_SECONDS", 0.0)
    break_writing(poisonous)
    sick = gateway.post(*[gateway.event(id=f"poison{number}") for number in range(5)])
    healthy = gateway.post(gateway.event())
    gateway.settle()
    assert gateway.batch(sick).outcome is None
    gateway.settle()
    assert outcomes(gateway.batch(healthy)) == ["inserted"]
    world.clock.move(seconds=2)
    gateway.settle()
    assert outcomes(gateway.batch(sick)) == ["quarantined"] * 5
    assert_books_clean(world.runtime.database, world.clock)


def test_a_batch_that_fails_without_its_events_waits_alone(world: World, gateway: Gateway, break_writing: Any) -> None:
    broken = [True]
    break_writing(lambda plan: broken[0] and any(item.event_id == "odd" for item in plan.quarantined))
    sick = gateway.post(gateway.event(id="odd", usage={"input_tokens": -1}), gateway.event())
    healthy = gateway.post(gateway.event())
    gateway.settle()
    gateway.settle()
    assert outcomes(gateway.batch(healthy)) == ["inserted"]
    assert gateway.batch(sick).outcome is None
    broken.clear()
    broken.append(False)
    world.clock.move(seconds=2)
    gateway.settle()
    assert outcomes(gateway.batch(sick)) == ["quarantined", "inserted"]
    assert_books_clean(world.runtime.database, world.clock)


def test_while_nothing_can_be_written_nobody_is_blamed(world: World, gateway: Gateway, break_writing: Any) -> None:
    broken = [True]
    break_writing(lambda _plan: broken[0])
    waiting = gateway.post(gateway.event(), gateway.event())
    gateway.settle()
    assert gateway.batch(waiting).outcome is None
    broken[0] = False
    gateway.settle()
    assert gateway.batch(waiting).outcome is None, "it waits a second before it is tried again"
    world.clock.move(seconds=2)
    gateway.settle()
    assert outcomes(gateway.batch(waiting)) == ["inserted", "inserted"]
    assert not world.count("quarantine")
