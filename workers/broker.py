"""Tells a broker the messages that this process handles."""

from collections.abc import Callable
from typing import Any

import dramatiq

from ccmanage.adapters.brokers import queue_name
from ccmanage.bootstrap import Runtime
from ccmanage.core.db import is_transient
from ccmanage.core.logging import get_logger
from ccmanage.core.tasks import Task
from ccmanage.core.uow import OutcomeUnknown
from workers.registry import all_handlers, perform

log = get_logger(__name__)


def declare_actors(broker: dramatiq.Broker, runtime: Runtime) -> None:
    """Declare an actor for each message."""
    for task_type in all_handlers():
        dramatiq.Actor(
            _actor_function(runtime, task_type),
            broker=broker,
            actor_name=task_type.name,
            queue_name=queue_name(task_type),
            priority=0,
            options={},
        )


def _actor_function(runtime: Runtime, task_type: type[Task]) -> Callable[..., None]:
    def act(**fields: Any) -> None:
        try:
            task = task_type(**fields)
        except TypeError:
            # Sent by another version. Its row is still there, and the timetable asks for it.
            log.warning("message_not_understood", task=task_type.name)
            return
        try:
            perform(runtime, task)
        except Exception as error:
            # A message that failed is done with: what is left to do stands in the rows.
            if is_transient(error) or isinstance(error, OutcomeUnknown):
                log.warning("task_put_off", task=task_type.name, error=str(error)[:200])
            else:
                log.exception("task_failed", task=task_type.name)

    return act
