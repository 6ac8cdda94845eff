"""Which function handles which message. Each message has exactly one."""

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar

from ccmanage.bootstrap import Runtime
from ccmanage.core import metrics
from ccmanage.core.tasks import Task

T = TypeVar("T", bound=Task)
Handler = Callable[[Runtime, T], None]

_handlers: dict[type[Task], Handler[Any]] = {}


class HandledTwice(Exception):
    """Two functions want the same message."""


def handles(task_type: type[T]) -> Callable[[Handler[T]], Handler[T]]:
    """Declare the function that handles a message."""

    def register(handler: Handler[T]) -> Handler[T]:
        if task_type in _handlers:
            raise HandledTwice(f"{task_type.name}: {handler.__name__} and {_handlers[task_type].__name__}")
        _handlers[task_type] = handler
        return handler

    return register


def all_handlers() -> Mapping[type[Task], Handler[Any]]:
    """Return the table of messages and their handlers, from every module in `workers.actors`."""
    actors = import_module("workers.actors")
    for module in iter_modules(actors.__path__, "workers.actors."):
        import_module(module.name)
    return _handlers


def perform(runtime: Runtime, task: Task) -> None:
    """Handle a message here and now."""
    started = time.monotonic()
    result = "failed"
    try:
        all_handlers()[type(task)](runtime, task)
        result = "done"
    finally:
        metrics.TASK_SECONDS.labels(task.name, result).observe(time.monotonic() - started)
