"""Deadlocks, lock time-outs, changed records, and readers in the middle of it (rows 19, 20, 21, the bank)."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pymysql
import pytest

from support.stack import Stack, Tenant
from support.stack_admin import Admin
from support.stack_books import check_load, check_snapshot
from support.stack_faults import deadlocks, heavy, lock_waits, renew_connections
from support.stack_load import Load
from support.stack_posts import Stream, send_post
from support.stack_process import until

pytestmark = [pytest.mark.faults, pytest.mark.mysql, pytest.mark.redis]

Cursor = pymysql.cursors.Cursor


@pytest.fixture
def rival(stack: Stack) -> Iterator[Cursor]:
    """A foreign session that takes locks in our database."""
    with stack.admin() as connection, connection.cursor() as cursor:
        yield cursor
        cursor.execute("ROLLBACK")


def test_row_19_the_settlement_is_the_victim_of_deadlocks(stack: Stack, tenant: Tenant, rival: Cursor) -> None:
    """A rival takes locks in the other order, and has more to lose: the server rolls the settlement back."""
    stream = Stream(19, "deadlock", tenant.keys)
    send_post(stack.apis[0].port, tenant.token, stream.next())
    stack.settled()
    for _ in range(3):
        before = deadlocks(rival)
        with heavy(rival):
            rival.execute(f"SELECT * FROM gateway_activity WHERE gateway_id = {tenant.gateway_id} FOR UPDATE")
            send_post(stack.apis[0].port, tenant.token, stream.next())
            until(lambda: lock_waits(stack) > 0, 10, "the settlement waits for the rival")
            rival.execute(f"SELECT * FROM balances WHERE workspace_id = {tenant.workspaces[0]} FOR UPDATE")
            assert deadlocks(rival) == before + 1
        stack.settled()
    assert any("1213" in text for text in retried(stack))


def test_row_20_a_lock_wait_times_out_in_settlement_and_request(stack: Stack, tenant: Tenant, rival: Cursor) -> None:
    """Only the statement is rolled back by the server; ours roll back whole and try again. Posts do not notice."""
    admin = Admin.of(stack)
    with Load(stack, tenant, seed=20, pause=0.05) as load, ThreadPoolExecutor(1) as pool:
        load.wait_for(5)
        rival.execute("BEGIN")
        rival.execute(f"SELECT * FROM balances WHERE workspace_id = {tenant.workspaces[0]} FOR UPDATE")
        granting = pool.submit(admin.grant, tenant.workspace_ids[0], "7")
        until(lambda: any("1205" in text for text in retried(stack)), 15, "a settlement runs into the time-out")
        assert not granting.done()
        rival.execute("ROLLBACK")
        granting.result()
    assert not load.failed, load.summary()
    assert {answer.status for answer in admin.answers} <= {201, 503}
    stack.settled()
    check_load(stack, load)
    query = f"SELECT COUNT(*) FROM grants WHERE workspace_id = {tenant.workspaces[0]} AND amount_nano = 7000000000"
    assert stack.scalar(query) == 1


def test_row_21_and_the_bank_every_snapshot_adds_up(stack: Stack, rival: Cursor) -> None:
    """Usage flows, admins grant and void: in each snapshot the balances are the ledger, under strict isolation too."""
    tenant = stack.tenant(workspaces=4)
    rival.execute("SET GLOBAL innodb_snapshot_isolation = ON")
    renew_connections(stack)
    try:
        stopping = threading.Event()
        admins = [Admin.of(stack) for _ in range(2)]
        with Load(stack, tenant, seed=21, pause=0.01) as load, ThreadPoolExecutor(3) as pool:
            giving = [pool.submit(grant_and_void, admin, tenant, seed, stopping) for seed, admin in enumerate(admins)]
            reader = pool.submit(read_snapshots, stack, stopping)
            try:
                load.wait_for(80, 40)
                until(lambda: min(len(admin.granted) for admin in admins) > 5, 40, "both admins have granted")
            finally:
                stopping.set()
            for future in giving:
                future.result()
    finally:
        rival.execute("SET GLOBAL innodb_snapshot_isolation = OFF")
        renew_connections(stack)
    assert reader.result() > 10
    assert not load.failed, load.summary()
    stack.settled()
    check_load(stack, load)


def grant_and_void(admin: Admin, tenant: Tenant, seed: int, stopping: threading.Event) -> None:
    """Give and take until told to stop."""
    draw = random.Random(seed)
    while not stopping.is_set():
        workspace = draw.choice(tenant.workspace_ids)
        grant = admin.grant(workspace, f"0.0{draw.randrange(1, 99):02d}")
        if draw.random() < 0.5:
            admin.void(workspace, grant)
    assert {answer.status for answer in admin.answers} <= {200, 201, 409}


def read_snapshots(stack: Stack, stopping: threading.Event) -> int:
    """Compare all balances with all entries and grants in one snapshot, again and again; returns how often."""
    count = 0
    with stack.admin() as connection, connection.cursor() as cursor:
        while not stopping.is_set():
            check_snapshot(cursor)
            count += 1
    return count


def retried(stack: Stack) -> list[str]:
    """Return why workers ran a transaction again."""
    entries = [entry for worker in stack.workers for entry in worker.log()]
    return [entry.get("text", "") for entry in entries if entry.get("event") == "unit_of_work_retried"]
