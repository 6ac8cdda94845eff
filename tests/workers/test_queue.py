"""The queue never raises, never waits, sends a burst once, and goes on when Redis is back."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import dramatiq
import pytest
import redis
from dramatiq.brokers.stub import StubBroker

from ccmanage.adapters.brokers import NudgeBroker, open_broker, queue_name
from ccmanage.adapters.dramatiq_queue import DramatiqQueue, SilentQueue, open_queue
from ccmanage.core.tasks import Task
from support.servers import RedisServer


@dataclass(frozen=True)
class Ring(Task):
    name: ClassVar[str] = "tests.ring"


@dataclass(frozen=True)
class Count(Task):
    name: ClassVar[str] = "tests.count"
    number: int


def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for another thread, at most some seconds."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.005)


def waiting(broker: NudgeBroker, task: type[Task]) -> int:
    """Return how many messages wait in Redis; -1 while it does not answer."""
    try:
        return int(broker.do_qsize(queue_name(task)))
    except redis.RedisError:
        return -1


class Recorder(StubBroker):
    """A broker that keeps what it is given, fails on order, and blocks until it is let go."""

    def __init__(self) -> None:
        super().__init__(middleware=[])
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.fail = False
        self.tries = 0
        self.gate = threading.Event()
        self.gate.set()

    def enqueue(self, message: "dramatiq.Message[Any]", *, delay: int | None = None) -> "dramatiq.Message[Any]":
        self.tries += 1
        self.gate.wait()
        if self.fail:
            raise ConnectionError("away")
        self.sent.append((message.actor_name, message.kwargs))
        return message


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def queue(recorder: Recorder) -> Iterator[DramatiqQueue]:
    queue = DramatiqQueue(recorder, capacity=10)
    yield queue
    recorder.gate.set()
    queue.close()


def test_a_message_carries_its_fields(queue: DramatiqQueue, recorder: Recorder) -> None:
    queue.send(Count(7))
    until(lambda: recorder.sent == [("tests.count", {"number": 7})])


def test_a_burst_becomes_few_messages(queue: DramatiqQueue, recorder: Recorder) -> None:
    for _ in range(10_000):
        queue.send(Ring())
    queue.close()
    assert 1 <= len(recorder.sent) <= 5


def test_what_is_sent_while_the_same_is_being_published_is_not_swallowed(
    queue: DramatiqQueue, recorder: Recorder
) -> None:
    recorder.gate.clear()
    queue.send(Ring())
    until(lambda: recorder.tries == 1)
    queue.send(Ring())
    recorder.gate.set()
    until(lambda: len(recorder.sent) == 2)


def test_sending_does_not_wait_for_a_broker_that_hangs(queue: DramatiqQueue, recorder: Recorder) -> None:
    recorder.gate.clear()
    started = time.monotonic()
    for number in range(1_000):
        queue.send(Count(number))
    assert time.monotonic() - started < 0.5
    recorder.gate.set()
    until(lambda: len(recorder.sent) >= 10)
    queue.close()
    # One was being published, ten waited, the rest was given up.
    assert len(recorder.sent) <= 11


def test_messages_stay_while_the_broker_is_away(queue: DramatiqQueue, recorder: Recorder) -> None:
    recorder.fail = True
    queue.send(Count(1))
    queue.send(Count(2))
    until(lambda: recorder.tries >= 1)
    recorder.fail = False
    until(lambda: len(recorder.sent) == 2)
    assert recorder.sent == [("tests.count", {"number": 1}), ("tests.count", {"number": 2})]


def test_without_an_address_nothing_is_sent() -> None:
    queue = open_queue("")
    assert isinstance(queue, SilentQueue)
    queue.send(Ring())


def test_the_broker_follows_the_address() -> None:
    assert isinstance(open_broker(""), StubBroker)
    assert isinstance(open_broker("redis://127.0.0.1:1/0"), NudgeBroker)
    assert type(open_broker("amqp://guest:guest@127.0.0.1:1/")).__name__ == "RabbitmqBroker"


@pytest.mark.redis
def test_a_redis_that_comes_back_empty_is_used_again(private_redis: RedisServer) -> None:
    broker = NudgeBroker(private_redis.url)
    queue = DramatiqQueue(broker)
    queue.send(Ring())
    until(lambda: waiting(broker, Ring) == 1)
    private_redis.kill()
    private_redis.wipe()
    queue.send(Ring())
    private_redis.start()
    until(lambda: waiting(broker, Ring) == 1, 10)
    queue.close()


@pytest.mark.redis
def test_a_redis_that_hangs_costs_the_sender_nothing(private_redis: RedisServer) -> None:
    broker = NudgeBroker(private_redis.url)
    queue = DramatiqQueue(broker)
    queue.send(Ring())
    until(lambda: waiting(broker, Ring) == 1)
    private_redis.pause()
    threads = threading.active_count()
    started = time.monotonic()
    for number in range(5_000):
        queue.send(Count(number))
    assert time.monotonic() - started < 0.5
    assert threading.active_count() <= threads + 1
    private_redis.resume()
    until(lambda: waiting(broker, Ring) > 1, 10)
    queue.close()


@pytest.mark.redis
def test_messages_do_not_pile_up_in_redis(private_redis: RedisServer) -> None:
    broker = NudgeBroker(private_redis.url)
    queue = DramatiqQueue(broker, capacity=5_000)
    for number in range(3_000):
        queue.send(Count(number))
    until(lambda: not queue._waiting, 60)
    queue.close()
    assert waiting(broker, Count) == 1_001


@pytest.mark.redis
def test_a_worker_is_not_held_up_by_an_acknowledgement_that_cannot_be_sent(private_redis: RedisServer) -> None:
    broker = NudgeBroker(private_redis.url)
    queue = DramatiqQueue(broker)
    queue.send(Ring())
    until(lambda: waiting(broker, Ring) == 1)
    consumer = broker.consume(queue_name(Ring), timeout=10)
    message = next(consumer)
    assert message is not None
    name = broker.broker_id
    private_redis.kill()
    started = time.monotonic()
    consumer.ack(message)
    assert time.monotonic() - started < 2
    assert next(consumer) is None
    # What the old name holds is handed out again as soon as that name is found dead.
    assert broker.broker_id != name
    private_redis.start()
    until(lambda: next(consumer) is None and waiting(broker, Ring) >= 1)
    queue.close()


@pytest.mark.rabbitmq
def test_rabbitmq_carries_messages_as_well(rabbitmq_server: Any) -> None:
    broker: Any = open_broker(rabbitmq_server.url)
    queue = DramatiqQueue(broker)
    queue.send(Count(3))
    until(lambda: queue_name(Count) in broker.queues and broker.get_queue_message_counts(queue_name(Count))[0] == 1)
    queue.close()
    broker.close()
