"""Every message has one handler and carries primitives only."""

import dataclasses
import pkgutil
import re
from importlib import import_module
from typing import get_type_hints

import pytest

import ccmanage
from ccmanage.core.tasks import Task
from scheduler.timetable import TIMETABLE
from workers.registry import HandledTwice, all_handlers, handles

PRIMITIVES = {int, str, bool, int | None, str | None}


def all_tasks() -> list[type[Task]]:
    """Return the messages of every feature."""
    for module in pkgutil.walk_packages(ccmanage.__path__, "ccmanage."):
        if module.name.endswith(".tasks"):
            import_module(module.name)
    return [task for task in Task.__subclasses__() if task.__module__.startswith("ccmanage.")]


def test_each_message_has_exactly_one_handler() -> None:
    assert set(all_handlers()) == set(all_tasks())


def test_a_second_handler_is_refused() -> None:
    task = next(iter(all_handlers()))
    with pytest.raises(HandledTwice, match=task.name):
        handles(task)(lambda _runtime, _task: None)


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_a_message_is_frozen_well_named_and_primitive(task: type[Task]) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", task.name)
    assert task.__dataclass_params__.frozen  # type: ignore[attr-defined]
    hints = get_type_hints(task)
    assert {hints[field.name] for field in dataclasses.fields(task)} <= PRIMITIVES


def test_wire_names_are_unique() -> None:
    names = [task.name for task in all_tasks()]
    assert len(set(names)) == len(names)


def test_the_timetable_sends_only_what_is_handled() -> None:
    assert {type(entry.task) for entry in TIMETABLE} <= set(all_handlers())
