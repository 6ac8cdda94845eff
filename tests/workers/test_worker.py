"""A worker process handles messages, settles without any, and survives what it cannot handle."""

import threading
import time
from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest
from dramatiq.brokers.stub import StubBroker

from ccmanage.adapters.brokers import open_broker, queue_name
from ccmanage.adapters.dramatiq_queue import DramatiqQueue
from ccmanage.bootstrap import Runtime
from ccmanage.credits.models import GrantState
from ccmanage.credits.tasks import TurnGrants
from ccmanage.usage.settlement import SettleResult
from ccmanage.usage.tasks import SettleUsage
from support.world import World
from workers.main import WorkerProcess
from workers.settling import settle


def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)


@pytest.fixture
def broker() -> StubBroker:
    broker = open_broker("")
    assert isinstance(broker, StubBroker)
    return broker


@pytest.fixture
def worker(world: World, broker: StubBroker) -> Iterator[WorkerProcess]:
    runtime = Runtime(world.settings, DramatiqQueue(broker), clock=world.clock)
    worker = WorkerProcess(runtime, broker)
    worker.start()
    yield worker
    worker.stop()
    runtime.close()


def test_a_message_is_handled(world: World, worker: WorkerProcess, broker: StubBroker) -> None:
    ann = world.person("Ann")
    world.grant(ann.workspace, "5", effective_at=world.clock.now + 60_000)
    world.clock.move(minutes=2)
    DramatiqQueue(broker).send(TurnGrants())
    until(lambda: world.rows("grants")[0]["state"] == GrantState.ACTIVE)
    assert world.rows("balances", f"workspace_id = {ann.workspace.id}")[0]["balance_nano"] == 5_000_000_000


@pytest.mark.parametrize(
    "server",
    [
        pytest.param("redis_server", marks=pytest.mark.redis),
        pytest.param("rabbitmq_server", marks=pytest.mark.rabbitmq),
    ],
)
def test_messages_come_from_another_process(sqlite_world: World, request: pytest.FixtureRequest, server: str) -> None:
    url = request.getfixturevalue(server).url
    listening = open_broker(url)
    runtime = Runtime(sqlite_world.settings, DramatiqQueue(listening), clock=sqlite_world.clock)
    worker = WorkerProcess(runtime, listening)
    worker.start()
    sender = open_broker(url)
    queue = DramatiqQueue(sender)
    for number in range(3):
        person = sqlite_world.person(f"Ann {number}")
        sqlite_world.grant(person.workspace, "5", effective_at=sqlite_world.clock.now + 60_000)
        sqlite_world.clock.move(minutes=2)
        queue.send(TurnGrants())
        until(lambda: sqlite_world.rows("grants", "1=1 ORDER BY id DESC")[0]["state"] == GrantState.ACTIVE)
    begun = time.monotonic()
    worker.stop()
    assert time.monotonic() - begun < 15
    queue.close()
    sender.close()
    runtime.close()


@pytest.mark.usefixtures("worker")
def test_a_message_of_another_version_is_dropped_and_the_next_is_handled(world: World, broker: StubBroker) -> None:
    import dramatiq

    broker.enqueue(
        dramatiq.Message(
            queue_name=queue_name(TurnGrants),
            actor_name=TurnGrants.name,
            args=(),
            kwargs={"since": 1},
            options={},
        )
    )
    test_a_message_is_handled(world, None, broker)  # type: ignore[arg-type]


def test_a_handler_that_fails_takes_nothing_with_it(sqlite_world: World, broker: StubBroker) -> None:
    queue = DramatiqQueue(broker)
    runtime = Runtime(sqlite_world.settings, queue, clock=sqlite_world.clock)
    calls = threading.Semaphore(0)

    def fail(*_args: object) -> None:
        calls.release()
        raise RuntimeError("a bug")

    worker = WorkerProcess(runtime, broker)
    with patch.dict("workers.registry._handlers", {TurnGrants: fail}):
        worker.start()
        for _ in range(3):
            queue.send(TurnGrants())
            assert calls.acquire(timeout=5)
        worker.stop()
    assert broker.dead_letters == []
    runtime.close()


class Backlog:
    """Stands for a settler with so much to do."""

    def __init__(self, settlements: int) -> None:
        self.left = settlements

    def settle_once(self) -> SettleResult:
        if not self.left:
            return SettleResult()
        self.left -= 1
        return SettleResult(batches=1, events=100)


def test_settling_stops_between_two_settlements_when_told(sqlite_world: World) -> None:
    sqlite_world.runtime.settler = Backlog(10)  # type: ignore[assignment]
    stops = iter([False, False, False, True])
    assert settle(sqlite_world.runtime, should_stop=lambda: next(stops))
    assert sqlite_world.runtime.settler.left == 7  # type: ignore[attr-defined]
    assert not settle(sqlite_world.runtime, should_stop=lambda: False)


def test_a_message_that_finds_too_much_asks_for_another(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from workers.registry import perform

    sqlite_world.runtime.settler = Backlog(10**9)  # type: ignore[assignment]
    monkeypatch.setattr("workers.actors.usage._LONGEST_SECONDS", 0.01)
    perform(sqlite_world.runtime, SettleUsage())
    assert sqlite_world.queue.take() == [SettleUsage()]
