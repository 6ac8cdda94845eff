"""What carries the nudges: Redis, RabbitMQ, or memory. Any of it may lose, repeat or delay a message.

Dramatiq's middleware is left out altogether. Retries, delays and age limits keep state in the broker, where it
gets lost (tries and due times live in rows); time limits raise asynchronous exceptions anywhere, also between a
commit and its acknowledgement (the database has time-outs instead).
"""

import time
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import ConnectionClosed

from ccmanage.adapters.redis_client import redis_client
from ccmanage.core.logging import get_logger
from ccmanage.core.tasks import Task

log = get_logger(__name__)

_NAMESPACE = "ccmanage"
_HEARTBEAT_MS = 60_000
# Of a million commands: how many look for messages of processes that died (Dramatiq's default takes an hour).
_MAINTENANCE_CHANCE = 50_000
# Beyond this many waiting messages of a queue, one more tells the workers nothing.
_ENOUGH = 1_000
_AWAY_SECONDS = 1.0
_LOST = (ConnectionClosed, redis.RedisError)


def open_broker(url: str) -> dramatiq.Broker:
    """Return the broker of an address, the one in memory for none. Connects when it is first used."""
    if url.startswith("amqp"):
        return _rabbitmq(url)
    return NudgeBroker(url) if url else StubBroker(middleware=[])


def queue_name(task: type[Task] | Task) -> str:
    """Return the broker's name of a task's queue: others may use the same RabbitMQ."""
    return f"{_NAMESPACE}.{task.queue}"


def _rabbitmq(url: str) -> dramatiq.Broker:
    from dramatiq.brokers.rabbitmq import RabbitmqBroker  # pika is loaded where it is used

    # Without confirms a publish into a missing queue is lost in silence.
    broker = RabbitmqBroker(url=url, confirm_delivery=True, middleware=[])
    parameters: Any = broker.parameters
    parameters.socket_timeout = 0.5
    parameters.stack_timeout = 1.0
    parameters.blocked_connection_timeout = 5
    parameters.heartbeat = 10
    return broker


class NudgeBroker(RedisBroker):
    """Dramatiq's Redis broker for messages that may get lost: never waits, never piles up."""

    def __init__(self, url: str) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            client=redis_client(url),
            middleware=[],
            namespace=_NAMESPACE,
            maintenance_chance=_MAINTENANCE_CHANCE,
            heartbeat_timeout=_HEARTBEAT_MS,
        )

    def enqueue(self, message: "dramatiq.Message[Any]", *, delay: int | None = None) -> "dramatiq.Message[Any]":
        """Send a message, unless more than enough of them wait already."""
        waiting: Any = self.client.llen(f"{self.namespace}:{message.queue_name}")
        if waiting > _ENOUGH:
            return message
        return super().enqueue(message, delay=delay)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> dramatiq.Consumer:
        """Return a consumer that outlives a Redis that is away."""
        return _PatientConsumer(self, super().consume(queue_name, prefetch, timeout))

    def start_anew(self) -> None:
        """Take a new name, after an answer of Redis got lost.

        What was fetched in that answer stays with the old name, and while that name lives, nobody may take it
        up. Now it dies, and the next maintenance hands its messages out again.
        """
        self.broker_id = str(uuid4())


class _PatientConsumer(dramatiq.Consumer):
    """Wraps Dramatiq's consumer, which blocks its worker for as long as an acknowledgement cannot be sent.

    A lost acknowledgement only means that a nudge comes twice.
    """

    def __init__(self, broker: NudgeBroker, inner: dramatiq.Consumer) -> None:
        self._broker = broker
        self._inner = inner
        self._away = False

    def __next__(self) -> "dramatiq.MessageProxy | None":
        try:
            message = next(self._inner)
        except _LOST as error:
            self._lost(error)
            time.sleep(_AWAY_SECONDS)
            return None
        if self._away:
            self._away = False
            log.info("broker_back")
        return message

    def ack(self, message: "dramatiq.MessageProxy") -> None:
        """Take the message off the list, if Redis is there."""
        try:
            self._inner.ack(message)
        except _LOST as error:
            self._lost(error)

    def nack(self, message: "dramatiq.MessageProxy") -> None:
        """Put the message aside, if Redis is there."""
        try:
            self._inner.nack(message)
        except _LOST as error:
            self._lost(error)

    def requeue(self, messages: "Iterable[dramatiq.MessageProxy]") -> None:
        """Give messages back, if Redis is there."""
        try:
            self._inner.requeue(messages)
        except _LOST as error:
            self._lost(error)

    def close(self) -> None:
        """Let go."""
        self._inner.close()

    def _lost(self, error: Exception) -> None:
        self._broker.start_anew()
        if not self._away:
            self._away = True
            log.warning("broker_lost", error=str(error)[:200])
