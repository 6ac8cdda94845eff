"""Workers die in the middle of a settlement (rows 4, 5)."""

from __future__ import annotations

import random

import pytest

from support.stack import Stack, Tenant
from support.stack_books import check_load
from support.stack_load import Load

pytestmark = [pytest.mark.faults, pytest.mark.mysql, pytest.mark.redis]


def test_row_4_killed_inside_the_settling_transaction(stack: Stack, tenant: Tenant) -> None:
    """The database rolls back, the lane is free again, another worker settles all of it."""
    worker = stack.only_worker(0, fail_at="settle.before_commit")
    with Load(stack, tenant, seed=4) as load:
        assert worker.wait_end() == -9
        load.wait_for(20)
        assert stack.scalar(f"SELECT COUNT(*) FROM events WHERE gateway_id = {tenant.gateway_id}") == 0
        stack.workers[1].start()
    stack.settled()
    check_load(stack, load)


def test_row_4_killed_at_random_moments(stack: Stack, tenant: Tenant) -> None:
    """Both workers settle under load; each is killed once, whatever it does at that moment."""
    moment = random.Random(4)
    with Load(stack, tenant, seed=44) as load:
        for worker in stack.workers:
            load.wait_for(moment.randrange(5, 25))
            worker.kill()
    stack.heal()
    check_load(stack, load)


def test_row_5_killed_after_the_commit_before_the_message_is_acknowledged(stack: Stack, tenant: Tenant) -> None:
    worker = stack.only_worker(1, fail_at="settle.after_commit")
    with Load(stack, tenant, seed=5) as load:
        assert worker.wait_end() == -9
        settled = stack.scalar("SELECT COUNT(*) FROM settlements WHERE events > 0")
        load.wait_for(10)
    assert settled > 0
    stack.heal()
    check_load(stack, load)
