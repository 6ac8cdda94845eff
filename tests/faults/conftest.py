"""One running stack for the whole folder. After each test every fault is undone and the books are checked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.books import assert_books_clean
from support.server_fixtures import MISSING_PREFIX
from support.servers import ServerMissing
from support.stack import Stack, Tenant, temporary_folder
from support.stack_books import check_books

# What a process logs only if something went wrong that no fault explains.
BUGS = {"request_failed", "ingress_failed", "settlement_failed", "event_poisoned", "task_failed"}


@pytest.fixture(scope="session")
def running_stack() -> Iterator[Stack]:
    """The production shape on private servers."""
    try:
        stack = Stack(temporary_folder())
    except ServerMissing as missing:
        pytest.skip(f"{MISSING_PREFIX}{missing}")
    try:
        yield stack.start()
    finally:
        stack.stop()


@pytest.fixture
def stack(running_stack: Stack) -> Iterator[Stack]:
    """The stack, whole; afterwards it is mended, everything is settled and the books are right."""
    running_stack.expected = set()
    logs = {process.name: process.log_size() for process in running_stack.processes}
    above = running_stack.scalar("SELECT COALESCE(MAX(id), 0) FROM workspaces")
    yield running_stack
    running_stack.heal()
    check_books(running_stack, above)
    assert_books_clean(running_stack.runtime.database, running_stack.runtime.clock)
    surprising = BUGS - running_stack.expected
    for process in running_stack.processes:
        bugs = [entry for entry in process.log_since(logs[process.name]) if entry.get("event") in surprising]
        assert not bugs, f"{process.name} logged: {bugs[0]}"


@pytest.fixture
def tenant(stack: Stack) -> Tenant:
    """A gateway with one workspace."""
    return stack.tenant()
