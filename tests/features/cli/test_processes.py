"""The production shape as real processes: API, workers and scheduler on MySQL or MariaDB and Redis."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ccmanage.core.clock import SystemClock, to_rfc3339
from ccmanage.replay.client import GatewayClient
from support.processes import Process, Served, environment_of, until
from support.servers import RedisServer
from support.world import World

pytestmark = [pytest.mark.slow, pytest.mark.mysql, pytest.mark.redis]


class Installation:
    """A database with a gateway and a key, and the environment for its processes."""

    def __init__(self, world: World, redis_url: str, folder: Path) -> None:
        self.folder = folder
        self.environment = environment_of(
            database_url=world.settings.database_url, redis_url=redis_url, data_dir=folder / "var"
        )
        self.count = 0
        with world.scope() as scope:
            scope.pricing.import_library(dry_run=False)
        self.token = world.gateway().token
        self.key = world.key(world.person()).secret

    def start(self, *arguments: str, **more: str) -> Process:
        return Process(*arguments, environment={**self.environment, **more}, folder=self.folder)

    def serve(self, processes: int = 1) -> Served:
        arguments = ("api", "--processes", str(processes))
        return Served(*arguments, environment=self.environment, folder=self.folder).wait_ready()

    def events(self, count: int) -> list[dict[str, Any]]:
        at = to_rfc3339(SystemClock().now_ms() - 1_000)
        usage = {"input_tokens": 1_000, "output_tokens": 100}
        self.count += count
        return [
            {"id": f"e{number}", "time": at, "api_key": self.key, "model": "claude-sonnet-4-5", "usage": usage}
            for number in range(self.count - count, self.count)
        ]

    def charged(self, url: str, count: int = 10) -> None:
        """Post and see it settled."""
        with GatewayClient(url, self.token) as client:
            batch = client.post(self.events(count), wait_seconds=20)
            assert batch["status"] == "settled", batch
            assert batch["inserted"] == count


@pytest.fixture
def shape(mysql_world: World, redis_server: Any, tmp_path: Path) -> Installation:
    return Installation(mysql_world, redis_server.url, tmp_path)


def children_of(pid: int) -> list[int]:
    """Return the processes that uvicorn serves with (not multiprocessing's own helper)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_text()
        except OSError:
            continue
        if int(fields[1]) == pid and "spawn_main" in command:
            found.append(int(stat.parent.name))
    return found


@pytest.fixture
def running(shape: Installation) -> Iterator[tuple[Installation, Served, list[Process]]]:
    with shape.serve(processes=2) as api, shape.start("worker") as one, shape.start("worker") as two:
        yield shape, api, [one, two]


def test_posts_are_settled_and_every_process_ends_in_order(running: Any) -> None:
    shape, api, workers = running
    with shape.start("scheduler") as scheduler:
        shape.charged(api.url, 1_000)
        until(lambda: "scheduler_leads" in scheduler.output)
        until(lambda: all("worker_started" in worker.output for worker in workers), 60)
        for process in (*workers, scheduler):
            begun = time.monotonic()
            assert process.end() == 0, process.output
            assert time.monotonic() - begun < 30
    assert api.end() == 0, api.output
    assert "Traceback" not in api.output + "".join(worker.output for worker in workers)


def test_a_killed_api_process_is_started_again_and_numbers_are_added_up(running: Any) -> None:
    shape, api, _workers = running
    before = until(lambda: len(found := children_of(api.pid)) == 2 and found)
    shape.charged(api.url)
    os.kill(before[0], signal.SIGKILL)
    until(lambda: len(now := children_of(api.pid)) == 2 and before[0] not in now, 60)
    shape.charged(api.url)
    until(api.answers)
    metrics = httpx2.get(api.url + "/metrics").text
    assert 'ccmanage_usage_events_received_total{result="accepted"}' in metrics
    assert "python_gc" not in metrics  # one process's own numbers mean nothing here


def test_one_worker_of_two_may_be_killed(running: Any) -> None:
    shape, api, workers = running
    shape.charged(api.url)
    workers[0].kill()
    until(lambda: "worker_started" in workers[1].output, 60)
    for _ in range(5):
        shape.charged(api.url)
    assert workers[1].end() == 0


def test_usage_is_settled_while_redis_is_away(mysql_world: World, private_redis: RedisServer, tmp_path: Path) -> None:
    shape = Installation(mysql_world, private_redis.url, tmp_path)
    with shape.serve() as api, shape.start("worker") as worker:
        shape.charged(api.url)
        private_redis.kill()
        for _ in range(3):
            shape.charged(api.url)
        assert httpx2.get(api.url + "/readyz").json()["broker"] == "degraded"
        private_redis.wipe()
        private_redis.start()
        shape.charged(api.url)
        until(lambda: "broker_back" in worker.output)
        private_redis.pause()
        for _ in range(3):
            begun = time.monotonic()
            with GatewayClient(api.url, shape.token) as client:
                client.post(shape.events(10))
            assert time.monotonic() - begun < 1.5  # the nudge is nobody's business to wait for
        shape.charged(api.url)
        # Also a worker whose broker hangs ends in time.
        begun = time.monotonic()
        assert worker.end() == 0, worker.output
        assert time.monotonic() - begun < 30
        private_redis.resume()
        assert api.end() == 0


def test_a_worker_with_a_wrong_clock_does_not_start(shape: Installation) -> None:
    clock = shape.folder / "clock"
    clock.write_text("10000")
    for command in ("worker", "scheduler"):
        with shape.start(command, CCMANAGE_TEST_CLOCK_FILE=str(clock)) as process:
            assert process.wait() == 2
            assert "clock: this machine's clock is +10" in process.output


def test_a_worker_waits_for_its_database(shape: Installation) -> None:
    away = "mysql+pymysql://nobody:x@127.0.0.1:1/nothing"
    with shape.start("worker", CCMANAGE_DATABASE_URL=away) as worker:
        until(lambda: "database_away" in worker.output)
        assert worker.running
        assert worker.end() == 0


def test_processes_are_small(running: Any) -> None:
    shape, api, workers = running
    for _ in range(5):
        shape.charged(api.url, 1_000)
    for pid in (*children_of(api.pid), *(worker.pid for worker in workers)):
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        assert resident < 150 << 20, f"{resident >> 20} MiB"
