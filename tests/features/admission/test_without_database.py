"""Verify while the database is away, slow or asked by many: what is remembered, single flight, deadlines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from ccmanage.admission import cache as caching
from ccmanage.admission.cache import DatabaseAway, SnapshotCache
from ccmanage.admission.counting import MemoryCounters
from ccmanage.admission.rules import Ask, Code, Measure, Meter, Snapshot
from ccmanage.admission.verifying import Answer, Counting, Verifier
from ccmanage.core.security import Digester, new_secret
from ccmanage.packages.limits import Window
from support.doubles import START, FixedClock

T = TypeVar("T")
SECRET = new_secret("ccm_")
DIGESTER = Digester(b"p" * 32)
GOOD = Snapshot(1, b"k" * 16, 2, b"w" * 16, START, balance=10)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not a database that hangs."""
    monkeypatch.setattr(caching, "PATIENCE_SECONDS", 60.0)


class Books:
    """A database that can be away or slow, and counts how often it is asked."""

    def __init__(self, **keys: Snapshot) -> None:
        self.keys = {DIGESTER.digest(SECRET): keys.get("key", GOOD)}
        self.reads: list[int] = []
        self.away = False
        self.gate = threading.Event()
        self.gate.set()

    def read(self, digests: Sequence[bytes], now: int) -> Mapping[bytes, Snapshot]:
        self.reads.append(len(digests))
        assert self.gate.wait(20)
        if self.away:
            raise ConnectionError("away")
        return {digest: replace(self.keys[digest], read_at=now) for digest in digests if digest in self.keys}


class Desk:
    """A verifier on such a database."""

    def __init__(self, books: Books) -> None:
        self.clock = FixedClock()
        self.books = books
        self.cache = SnapshotCache(books.read, self.clock)
        self.used: list[int] = []
        counting = Counting(None, MemoryCounters())
        self.verifier = Verifier(self.cache, counting, self.clock, DIGESTER, self._note)

    def _note(self, _found: Snapshot, now: int) -> None:
        self.used.append(now)

    async def ask(self, secret: str = SECRET, **ask: Any) -> Answer:
        return await self.verifier.verify(secret, Ask(**ask), 1_000)

    async def code(self, secret: str = SECRET, **ask: Any) -> tuple[str, bool]:
        answer = await self.ask(secret, **ask)
        return answer.verdict.code.value, answer.degraded


def run(books: Books, use: Callable[[Desk], Awaitable[T]]) -> T:
    async def whole() -> T:
        desk = Desk(books)
        try:
            return await use(desk)
        finally:
            books.gate.set()
            desk.verifier.close()

    return asyncio.run(whole())


def test_a_thousand_questions_about_one_key_are_one_read() -> None:
    """A noisy key (fault 55): it costs the database one read in 1.5 seconds, whatever it asks."""
    books = Books()

    async def use(desk: Desk) -> None:
        for _ in range(2):
            found = await asyncio.gather(*(desk.code() for _ in range(1_000)))
            assert set(found) == {("VALID", False)}
        assert books.reads == [1]
        desk.clock.move(seconds=1.5)
        await desk.ask()
        assert books.reads == [1, 1]

    run(books, use)


def test_keys_in_use_are_read_again_before_anybody_has_to_wait() -> None:
    books = Books()

    async def use(desk: Desk) -> None:
        await desk.ask()
        desk.clock.move(seconds=1)
        books.keys[DIGESTER.digest(SECRET)] = replace(GOOD, is_revoked=True)
        books.gate.clear()
        assert [await desk.code() for _ in range(3)] == [("VALID", False)] * 3
        while len(books.reads) < 2:
            await asyncio.sleep(0)
        books.gate.set()
        while await desk.code() != ("REVOKED", False):
            await asyncio.sleep(0)
        assert books.reads == [1, 1]

    run(books, use)


def test_keys_that_wait_are_read_together() -> None:
    books = Books()

    async def use(desk: Desk) -> None:
        books.gate.clear()
        asked = [asyncio.ensure_future(desk.code(new_secret("ccm_"))) for _ in range(300)]
        while len(books.reads) < 2:
            await asyncio.sleep(0)
        books.gate.set()
        assert set(await asyncio.gather(*asked)) == {("NOT_FOUND", False)}
        assert sum(books.reads) == 300
        assert len(books.reads) <= 4

    run(books, use)


def test_what_looks_like_no_key_is_not_even_asked_for() -> None:
    books = Books()
    assert run(books, lambda desk: desk.code("ccm_" + "x" * 42)) == ("NOT_FOUND", False)
    assert books.reads == []


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (replace(GOOD, fail_open=True), "VALID"),
        (replace(GOOD, fail_open=True, balance=0), "INSUFFICIENT_CREDITS"),
        (replace(GOOD, fail_open=True, is_revoked=True), "REVOKED"),
        (replace(GOOD, fail_open=True, expires_at=START + 60_000), "EXPIRED"),
        (GOOD, "UNAVAILABLE"),
        (replace(GOOD, is_disabled=True), "DISABLED"),
        (
            # The window in which it was spent is over.
            replace(GOOD, fail_open=True, meters=(Meter(Measure.CREDITS, Window.MINUTE, 5, 0, START + 60_000, 5),)),
            "VALID",
        ),
        (
            replace(GOOD, fail_open=True, meters=(Meter(Measure.CREDITS, Window.DAY, 5, 0, START + 9**9, 5),)),
            "BUDGET_EXCEEDED",
        ),
    ],
)
def test_without_the_database_the_package_decides(key: Snapshot, expected: str) -> None:
    books = Books(key=key)

    async def use(desk: Desk) -> None:
        assert (await desk.code())[1] is False
        books.away = True
        desk.clock.move(minutes=59)
        assert await desk.code() == (expected, True)

    run(books, use)


def test_it_is_remembered_for_an_hour_and_unknown_keys_are_refused() -> None:
    books = Books(key=replace(GOOD, fail_open=True))

    async def use(desk: Desk) -> None:
        await desk.ask()
        books.away = True
        assert await desk.code(new_secret("ccm_")) == ("UNAVAILABLE", True)
        desk.clock.move(minutes=61)
        assert await desk.code() == ("UNAVAILABLE", True)

    run(books, use)


def test_limits_of_requests_still_count() -> None:
    meter = Meter(Measure.REQUESTS, Window.DAY, 2, START, START + 86_400_000)
    books = Books(key=replace(GOOD, fail_open=True, requests=(meter,)))

    async def use(desk: Desk) -> None:
        await desk.ask()
        books.away = True
        desk.clock.move(seconds=2)
        assert [await desk.code() for _ in range(2)] == [("VALID", True), ("RATE_LIMITED", True)]

    run(books, use)


def test_a_database_that_hangs_costs_a_moment_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "PATIENCE_SECONDS", 0.05)
    books = Books(key=replace(GOOD, fail_open=True))

    async def use(desk: Desk) -> None:
        await desk.ask()
        desk.clock.move(seconds=2)
        books.gate.clear()
        assert await desk.code() == ("VALID", True)
        # Others are not kept waiting, and their keys are not asked for either.
        with pytest.raises(DatabaseAway):
            await asyncio.wait_for(desk.cache.get(b"other"), 0.04)
        books.gate.set()
        while desk.cache.fresh(DIGESTER.digest(SECRET), desk.clock.now_ms()) is None:
            await asyncio.sleep(0)
        assert await desk.code() == ("VALID", False)

    run(books, use)


def test_who_gives_up_does_not_take_the_answer_along() -> None:
    books = Books()

    async def use(desk: Desk) -> None:
        books.gate.clear()
        first = asyncio.ensure_future(desk.ask())
        second = asyncio.ensure_future(desk.code())
        while not books.reads:
            await asyncio.sleep(0)
        first.cancel()
        books.gate.set()
        assert await second == ("VALID", False)

    run(books, use)


def test_a_clock_that_is_set_back_makes_the_memory_old() -> None:
    books = Books()

    async def use(desk: Desk) -> None:
        await desk.ask()
        desk.clock.move(seconds=-1)
        await desk.ask()
        assert books.reads == [1, 1]

    run(books, use)


def test_the_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "_MAX_KEYS", 2)
    books = Books()

    async def use(desk: Desk) -> None:
        secrets = [new_secret("ccm_") for _ in range(3)]
        for secret in secrets:
            await desk.ask(secret)
        kept = [desk.cache.fresh(DIGESTER.digest(secret), desk.clock.now_ms()) is not None for secret in secrets]
        assert kept == [False, True, True]

    run(books, use)


def test_the_first_use_is_noted_once_it_is_valid() -> None:
    books = Books(key=replace(GOOD, life_ms=60_000, is_disabled=True))

    async def use(desk: Desk) -> None:
        assert (await desk.code())[0] == Code.DISABLED
        assert desk.used == []
        books.keys[DIGESTER.digest(SECRET)] = replace(GOOD, life_ms=60_000)
        desk.clock.move(seconds=2)
        await desk.ask()
        assert desk.used == [desk.clock.now_ms()]

    run(books, use)
