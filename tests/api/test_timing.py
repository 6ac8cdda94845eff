"""Check 19: neither the answer nor the time of signing in, registering or forgetting tells who is known.

Known and unknown addresses take turns, so that whatever else the machine does falls on both alike.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest

from api.accounts.hashing import AT_ONCE
from ccmanage.accounts.settings import REGISTRATION_MODE
from ccmanage.core.security import Passwords
from ccmanage.settings.service import Change
from support.world import PASSWORD, World

SAMPLES = 120
TOLERANCE = 0.10
_ROUNDS = 3


@pytest.fixture
def world(sqlite_world: World) -> World:
    with sqlite_world.scope() as scope:
        scope.settings.change([Change(REGISTRATION_MODE.name, "open", 0)])
    sqlite_world.clock.move(seconds=3)
    # As slow as its part of the answer is in life, and quick enough for some hundreds of them.
    sqlite_world.runtime.passwords = Passwords(memory_kib=8_192, rounds=2)
    sqlite_world.person("Ann")
    return sqlite_world


def medians(world: World, ask: Callable[[str, int], Any]) -> tuple[float, float]:
    """Return the median seconds for the known and for unknown addresses."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    answers = set()
    for number in range(SAMPLES):
        # What came before must be alike too: a thread that has just rested hashes more slowly.
        for thread in range(AT_ONCE):
            ask(f"before{number}.{thread}@example.com", (thread + 1) * SAMPLES + number)
            world.clock.move(hours=2)
        known = number % 2 == 0
        email = "ann@example.com" if known else f"nobody{number}@example.com"
        started = time.perf_counter()
        answer = ask(email, number)
        taken[known].append(time.perf_counter() - started)
        body = {**answer.json(), "request_id": ""}
        answers.add((answer.status_code, str(body), tuple(sorted(answer.headers.keys()))))
        world.after_answers()
        # Neither throttles nor quotas shall speak: they count what both kinds do.
        world.clock.move(hours=2)
    assert len(answers) == 1, answers
    return statistics.median(taken[True]), statistics.median(taken[False])


def assert_alike(world: World, ask: Callable[[str, int], Any]) -> None:
    """Fail if the medians differ in every round: once is the machine's doing, always is ours."""
    found = []
    for _ in range(_ROUNDS):
        known, unknown = medians(world, ask)
        found.append(abs(known - unknown) / max(known, unknown))
        if found[-1] <= TOLERANCE:
            return
    pytest.fail(f"known and unknown differ by {[f'{difference:.1%}' for difference in found]}")


def test_signing_in(world: World) -> None:
    client = world.client()
    assert_alike(world, lambda email, _: client.post("/v1/auth/login", json={"email": email, "password": "wrong one"}))


def test_registering(world: World) -> None:
    client = world.client()

    def ask(email: str, number: int) -> Any:
        body = {"email": email, "name": "Somebody", "password": f"{PASSWORD} {number}"}
        return client.post("/v1/auth/register", json=body)

    assert_alike(world, ask)


def test_forgetting(world: World) -> None:
    client = world.client()
    assert_alike(world, lambda email, _: client.post("/v1/auth/password/forgot", json={"email": email}))
