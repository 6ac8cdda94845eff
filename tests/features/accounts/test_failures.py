"""Failures are counted by all processes together, and go on being counted when Redis is away."""

import pytest
import redis

from ccmanage.adapters.failures import RedisFailures, SteadyFailures, failure_store
from ccmanage.adapters.redis_client import redis_client
from ccmanage.core.counters import NO_FAILURES, Failures
from support.doubles import FixedClock
from support.servers import RedisServer

pytestmark = pytest.mark.redis


def test_two_processes_count_together(private_redis: RedisServer) -> None:
    clock = FixedClock()
    one, other = (failure_store(redis_client(private_redis.url), clock) for _ in range(2))
    one.add(["ann", "here"], clock.now)
    other.add(["ann"], clock.now + 5)
    assert one.read(["ann", "here", "bob"]) == [Failures(2, clock.now + 5), Failures(1, clock.now), NO_FAILURES]
    other.take_back(["ann"])
    assert redis_client(private_redis.url).hget("ccmanage:failures:ann", "count") == b"1"
    one.forget(["ann", "here"])
    assert redis_client(private_redis.url).keys("*") == []


def test_they_are_forgotten_an_hour_after_the_last(private_redis: RedisServer) -> None:
    client = redis_client(private_redis.url)
    RedisFailures(client).add(["ann"], 1)
    assert 3_500_000 < client.pttl("ccmanage:failures:ann") <= 3_600_000


def test_while_redis_is_away_this_process_counts_alone_and_says_so(private_redis: RedisServer) -> None:
    clock = FixedClock()
    store = SteadyFailures(RedisFailures(redis_client(private_redis.url)), clock)
    store.add(["ann"], clock.now)
    assert not store.is_away
    private_redis.kill()
    store.add(["ann"], clock.now)
    assert store.is_away
    assert store.read(["ann"]) == [Failures(2, clock.now)]
    private_redis.start()
    assert store.is_away, "nobody waits for Redis again at once"
    clock.move(seconds=2)
    store.add(["ann"], clock.now)
    assert not store.is_away
    assert store.read(["ann"])[0].count == 3


def test_without_redis_nothing_is_away() -> None:
    store = failure_store(None, FixedClock())
    store.add(["ann"], 1)
    assert not store.is_away
    assert store.read(["ann"]) == [Failures(1, 1)]


def test_a_redis_that_never_was_there_fails_in_time() -> None:
    with pytest.raises(redis.RedisError):
        RedisFailures(redis_client("redis://127.0.0.1:1/0")).read(["ann"])
