"""How many calls a minute: counted by person or address, told in every answer, never in the way of usage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ccmanage.adapters.rates import SharedCalls
from support.databases import migrated_sqlite
from support.servers import RedisServer
from support.world import World


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> Iterator[World]:
    limits = {"rate_limit_people": 5, "rate_limit_strangers": 3, "rate_limit_machines": 4}
    world = World(migrated_sqlite(sqlite_template, tmp_path / "w.db"), **limits)
    yield world
    world.close()


def test_every_answer_says_what_is_left(world: World) -> None:
    client = world.client(world.person("Ann"))
    first = client.get("/v1/me")
    assert first.headers["ratelimit-policy"] == '"people";q=5;w=60'
    assert first.headers["ratelimit"].startswith('"people";r=4;t=')
    assert client.get("/v1/me").headers["ratelimit"].startswith('"people";r=3;t=')


def test_what_is_too_much_is_told_when_to_come_back(world: World) -> None:
    client = world.client(world.person("Ann"))
    assert [client.get("/v1/me").status_code for _ in range(6)] == [200] * 5 + [429]
    refused = client.get("/v1/me")
    seconds = int(refused.headers["retry-after"])
    assert refused.json()["code"] == "rate.limited"
    assert refused.headers["ratelimit"] == f'"people";r=0;t={seconds}'
    world.clock.move(seconds=seconds)
    assert client.get("/v1/me").status_code == 200


def test_people_behind_one_address_do_not_share_a_quota(world: World) -> None:
    ann, bob = world.client(world.person("Ann")), world.client(world.person("Bob"))
    for _ in range(6):
        ann.get("/v1/me")
    assert ann.get("/v1/me").status_code == 429
    assert bob.get("/v1/me").status_code == 200


def test_a_person_has_one_quota_over_all_sessions(world: World) -> None:
    ann = world.person("Ann")
    for _ in range(5):
        assert world.client(ann).get("/v1/me").status_code == 200
    assert world.client(ann).get("/v1/me").status_code == 429


def test_invented_tokens_and_headers_open_no_new_quota(world: World) -> None:
    client = world.client()
    statuses = [
        client.get(
            "/v1/me", headers={"Authorization": f"Bearer a.b.{number}", "X-Forwarded-For": f"10.0.0.{number}"}
        ).status_code
        for number in range(6)
    ]
    assert statuses == [401] * 5 + [429]
    assert world.client(address="192.0.2.77").get("/v1/me").status_code == 401


def test_strangers_have_a_smaller_quota(world: World) -> None:
    client = world.client()
    login = {"email": "nobody@example.com", "password": "x"}
    assert [client.post("/v1/auth/login", json=login).status_code for _ in range(4)] == [401] * 3 + [429]


def test_machines_are_counted_without_asking_anybody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked(*_: Any) -> int:
        raise AssertionError("usage must not wait for a counter")

    monkeypatch.setattr(world.runtime.calls, "hit", asked)
    token = world.gateway().token
    headers = {"Authorization": f"Bearer {token}"}
    statuses = [world.client().post("/v1/events", json=[], headers=headers).status_code for _ in range(5)]
    assert statuses == [202] * 4 + [429]


def test_probes_and_pages_are_not_counted(world: World) -> None:
    for _ in range(8):
        answer = world.client().get("/healthz")
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


@pytest.mark.redis
@pytest.mark.anyio
async def test_all_processes_count_together(private_redis: RedisServer, world: World) -> None:
    one, other = (SharedCalls(private_redis.url, world.clock) for _ in range(2))
    assert [await one.hit("ann", 60), await other.hit("ann", 60), await one.hit("ann", 60)] == [1, 2, 3]
    assert await other.hit("bob", 60) == 1
    world.clock.move(minutes=1)
    assert await other.hit("ann", 60) == 1


@pytest.mark.redis
@pytest.mark.anyio
async def test_without_redis_each_process_counts_for_itself(private_redis: RedisServer, world: World) -> None:
    counter = SharedCalls(private_redis.url, world.clock)
    assert await counter.hit("ann", 60) == 1
    private_redis.kill()
    assert [await counter.hit("ann", 60) for _ in range(3)] == [2, 3, 4]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
