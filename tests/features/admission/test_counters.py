"""What counts requests and calls at once: the same tests for the memory of a process and for Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
import redis

from ccmanage.adapters.redis_counters import RedisCounters, RedisLeases
from ccmanage.admission.counting import Call, Counters, CountersAway, Frame, MemoryCounters
from ccmanage.admission.verifying import Counting
from ccmanage.core.ids import new_id
from support.doubles import START

T = TypeVar("T")
Use = Callable[[Counters], Awaitable[T]]


class Kind:
    """One kind of counters; used in a loop of its own each time, as the counters live in one."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def run(self, use: Use[T]) -> T:
        async def whole() -> T:
            counters = self._make()
            try:
                return await use(counters)
            finally:
                if isinstance(counters, RedisCounters):
                    await counters.close()

        return asyncio.run(whole())


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    if request.param == "memory":
        yield Kind(MemoryCounters)
        return
    url = request.getfixturevalue("redis_server").url
    redis.Redis.from_url(url).flushdb()
    yield Kind(lambda: RedisCounters(url))


def call(key_id: int = 7, *, at: int = 0, take: bool = True, limits: tuple[int, ...] = (), **more: Any) -> Call:
    """Return a call; its windows are of 60 s and of a day."""
    now = START + at
    frames = [Frame("requests.minute", 0, now - now % 60_000, now - now % 60_000 + 60_000),
              Frame("requests.day", 0, now - now % 86_400_000, now - now % 86_400_000 + 86_400_000)]  # fmt: skip
    chosen = tuple(frame._replace(limit=limit) for frame, limit in zip(frames, limits, strict=False))
    return Call(key_id, now, take, chosen, **more)


def lease(key_id: int = 7, *, at: int = 0, most: int = 1, seconds: int = 60, name: bytes = b"") -> Call:
    return call(key_id, at=at, concurrency=most, lease=name or new_id(), lease_until=START + at + seconds * 1_000)


def test_what_has_no_limits_is_not_counted(kind: Kind) -> None:
    [found] = kind.run(lambda counters: counters.take([call()]))
    assert (list(found.requests), found.leases, found.blocked_by) == ([], 0, "")


def test_requests_of_a_window(kind: Kind) -> None:
    found = kind.run(lambda counters: counters.take([call(limits=(2, 9)) for _ in range(3)]))
    assert [list(one.requests) for one in found] == [[1, 1], [2, 2], [2, 2]]
    assert [one.blocked_by for one in found] == ["", "", "requests.minute"]


def test_a_new_window_starts_empty(kind: Kind) -> None:
    calls = [call(limits=(1, 2)), call(limits=(1, 2)), call(at=60_000, limits=(1, 2)), call(at=120_000, limits=(1, 2))]
    found = kind.run(lambda counters: counters.take(calls))
    assert [one.blocked_by for one in found] == ["", "requests.minute", "", "requests.day"]


def test_what_is_blocked_or_only_looked_at_counts_nothing(kind: Kind) -> None:
    calls = [call(take=False, limits=(5, 1)), call(limits=(5, 1)), call(limits=(5, 1)), call(take=False, limits=(5, 5))]
    found = kind.run(lambda counters: counters.take(calls))
    assert [list(one.requests) for one in found] == [[0, 0], [1, 1], [1, 1], [1, 1]]
    assert [one.blocked_by for one in found] == ["", "", "requests.day", ""]


def test_a_limit_of_nothing_lets_nothing_through(kind: Kind) -> None:
    [found] = kind.run(lambda counters: counters.take([call(limits=(0,))]))
    assert found.blocked_by == "requests.minute"


def test_keys_do_not_share(kind: Kind) -> None:
    found = kind.run(
        lambda counters: counters.take([call(1, limits=(1,)), call(2, limits=(1,)), call(12, limits=(1,))])
    )
    assert [one.blocked_by for one in found] == ["", "", ""]


def test_calls_at_once(kind: Kind) -> None:
    first = new_id()

    async def use(counters: Counters) -> list[Any]:
        found = await counters.take([lease(most=2, name=first), lease(most=2), lease(most=2)])
        ended = [await counters.release([first]), await counters.release([first]), await counters.release([new_id()])]
        return [*found, ended, *await counters.take([lease(most=2), lease(most=2)])]

    one, two, three, ended, four, five = kind.run(use)
    assert [found.blocked_by for found in (one, two, three, four, five)] == ["", "", "concurrency", "", "concurrency"]
    assert [found.leases for found in (one, two, three)] == [1, 2, 2]
    assert ended == [1, 0, 0]


def test_leases_run_out(kind: Kind) -> None:
    calls = [lease(seconds=5), lease(at=4_999), lease(at=5_000)]
    found = kind.run(lambda counters: counters.take(calls))
    assert [one.blocked_by for one in found] == ["", "concurrency", ""]


def test_a_blocked_lease_counts_no_request(kind: Kind) -> None:
    both = [lease()._replace(frames=call(limits=(9,)).frames) for _ in range(2)]
    found = kind.run(lambda counters: counters.take(both))
    assert [(list(one.requests), one.blocked_by) for one in found] == [([1], ""), ([1], "concurrency")]


def test_numbers_are_exact_far_out(kind: Kind) -> None:
    found = kind.run(lambda counters: counters.take([call(2**53 - 1, limits=(10**12,)) for _ in range(300)]))
    assert [one.requests[0] for one in found] == list(range(1, 301))


@pytest.mark.redis
def test_settling_ends_leases_in_redis(redis_server: Any) -> None:
    name = new_id()

    async def use() -> list[str]:
        counters = RedisCounters(redis_server.url)
        redis.Redis.from_url(redis_server.url).flushdb()
        first = await counters.take([lease(name=name), lease()])
        assert RedisLeases(redis_server.url).release_now([name]) == 1
        second = await counters.take([lease()])
        await counters.close()
        return [one.blocked_by for one in (*first, *second)]

    assert asyncio.run(use()) == ["", "concurrency", ""]


NOWHERE = "redis://127.0.0.1:1/0"


def test_a_redis_that_is_away_says_so() -> None:
    async def use() -> None:
        counters = RedisCounters(NOWHERE)
        with pytest.raises(CountersAway):
            await counters.take([call(limits=(1,))])
        with pytest.raises(CountersAway):
            await counters.release([new_id()])
        await counters.close()

    asyncio.run(use())
    assert RedisLeases(NOWHERE).release_now([new_id()]) == 0


def test_while_redis_is_away_this_process_counts() -> None:
    async def use() -> list[tuple[str, bool]]:
        shared = RedisCounters(NOWHERE)
        counting = Counting(shared, MemoryCounters())
        found = await asyncio.gather(*(counting.take(call(limits=(2,))) for _ in range(3)))
        assert await counting.release([new_id()]) == 0
        await shared.close()
        return [(counts.blocked_by, degraded) for counts, degraded in found]

    assert asyncio.run(use()) == [("", True), ("", True), ("requests.minute", True)]


def test_calls_that_wait_are_counted_together() -> None:
    class Slow(MemoryCounters):
        def __init__(self) -> None:
            super().__init__()
            self.sizes: list[int] = []

        async def take(self, calls: Any) -> Any:
            self.sizes.append(len(calls))
            await asyncio.sleep(0)
            return await super().take(calls)

    async def use() -> list[int]:
        slow = Slow()
        counting = Counting(slow, MemoryCounters())
        found = await asyncio.gather(*(counting.take(call(limits=(1_000,))) for _ in range(700)))
        assert sorted(counts.requests[0] for counts, _degraded in found) == list(range(1, 701))
        return slow.sizes

    assert asyncio.run(use()) == [500, 200]


def test_the_memory_forgets_keys_of_which_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    from ccmanage.admission import counting

    monkeypatch.setattr(counting, "_SWEEP_EVERY", 2)
    memory = MemoryCounters()
    memory.take_one(lease(1, seconds=1))
    later = 40 * 86_400_000
    memory.take_one(call(2, at=later, limits=(1,)))
    assert list(memory._keys) == [2]
    assert not memory._owners
