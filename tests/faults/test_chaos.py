"""Everything at once, by a seed: what was acknowledged is there once, what was charged adds up, and life goes on.

`CHAOS_SECONDS=600 CHAOS_SEED=7 pytest tests/faults/test_chaos.py -s` runs longer, and the same again.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
import pytest

from ccmanage.core.clock import DAY, SystemClock
from ccmanage.core.ids import BATCH, decode_id
from support.chaos import Chaos, Keeper
from support.chaos_client import Order
from support.server_process import reaper
from support.stack import Stack, Tenant
from support.stack_admin import Admin
from support.stack_books import check_books, check_originals, check_prices, check_snapshot
from support.stack_faults import connections
from support.stack_posts import MODELS, Event
from support.stack_process import until

SECONDS = float(os.environ.get("CHAOS_SECONDS", "45"))
SEED = int(os.environ.get("CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
CLIENTS = 3
# How soon after the last fault nothing may be left over, on a machine that is busy with other things.
RECOVERY_SECONDS = 60.0
TESTS = Path(__file__).parents[1]

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.mysql,
    pytest.mark.redis,
    pytest.mark.timeout(SECONDS * 2 + 300),
]


def test_chaos(stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        say(f"\nCHAOS_SEED={SEED} CHAOS_SECONDS={SECONDS:g}")
    tenant = stack.tenant(workspaces=6, credits="50")
    first = Admin.of(stack)
    first.price("chaos-*", "3", "15", effective_from=SystemClock().now_ms() - 30 * DAY)
    before = measure(stack)
    stopping = threading.Event()
    admins = [Admin.of(stack) for _ in range(2)]
    with Keeper(stack) as keeper, ThreadPoolExecutor(3) as pool:
        chaos = Chaos(stack, keeper, SEED, SECONDS)
        clients = [start_client(stack, tenant, number, tmp_path) for number in range(CLIENTS)]
        try:
            busy = [pool.submit(administer, admin, tenant, number, stopping) for number, admin in enumerate(admins)]
            reading = pool.submit(read, stack, stopping)
            chaos.play()
        finally:
            say("\n".join([f"CHAOS_SEED={SEED}", *chaos.timeline]))
            stopping.set()
            for client in clients:
                client.process.terminate()
        recover(stack, keeper)
        for future in busy:
            future.result()
        snapshots = reading.result()
        for client in clients:
            assert client.process.wait(RECOVERY_SECONDS + 30) == 0, client.refusals()
    stack.settled(RECOVERY_SECONDS)
    assert not keeper.crashes, keeper.crashes
    posted = check_clients(stack, tenant, clients)
    check_admins(stack, tenant, [first, *admins])
    check_books(stack)
    check_resources(before, measure(stack))
    with capsys.disabled():
        done = sum(len(admin.granted) + len(admin.voided) + len(admin.priced) for admin in admins)
        say(f"{len(chaos.steps)} faults, {posted}, {done} deeds of admins, {snapshots} snapshots")


def say(text: str) -> None:
    """Print a line: pytest shows the timeline of a run that failed, and the rest at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


# Those who go on meanwhile.


@dataclass
class RunningClient:
    """A gateway's process and its log."""

    process: subprocess.Popen[bytes]
    log: Path
    entries: list[dict[str, Any]] = field(default_factory=list)

    def read(self) -> list[dict[str, Any]]:
        """Return what it wrote down."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def refusals(self) -> list[dict[str, Any]]:
        """Return the answers that a client must never get."""
        return [entry for entry in self.read() if "refused" in entry]


def start_client(stack: Stack, tenant: Tenant, number: int, folder: Path) -> RunningClient:
    """Start a gateway that posts until it is told to stop."""
    order = Order(
        seed=SEED,
        name=f"chaos{SEED}c{number}",
        token=tenant.token,
        keys=list(tenant.keys),
        ports=[api.port for api in (stack.apis if number % 2 else reversed(stack.apis))],
        models=[*MODELS, "chaos-a", "chaos-b"],
        log=str(folder / f"client{number}.log"),
        pause=0.06,
    )
    path = f"{TESTS}{os.pathsep}{TESTS.parent}"
    environment = {**os.environ, "PYTHONPATH": path}
    process = subprocess.Popen(order.command(), env=environment, start_new_session=True)
    reaper.watch(process.pid)
    return RunningClient(process, Path(order.log))


def administer(admin: Admin, tenant: Tenant, number: int, stopping: threading.Event) -> None:
    """Grant, void and set prices until told to stop."""
    draw = random.Random(f"{SEED}/admin{number}")
    granted: list[tuple[str, str]] = []
    while not stopping.wait(draw.uniform(0.1, 0.4)):
        what = draw.random()
        if what < 0.1:
            admin.price("chaos-*", str(draw.randrange(1, 9)), "15", effective_from=SystemClock().now_ms())
        elif what < 0.4 and granted:
            admin.void(*granted.pop(draw.randrange(len(granted))))
        else:
            workspace = draw.choice(tenant.workspace_ids)
            granted.append((workspace, admin.grant(workspace, f"0.{draw.randrange(1, 999):03d}")))


def read(stack: Stack, stopping: threading.Event) -> int:
    """Look at all balances in one snapshot, again and again; returns how often it could."""
    count = 0
    while not stopping.wait(0.2):
        try:
            with stack.admin() as connection, connection.cursor() as cursor:
                check_snapshot(cursor)
        except pymysql.err.OperationalError:
            continue  # the server is away
        count += 1
    return count


# What must be true in the end.


def recover(stack: Stack, keeper: Keeper) -> None:
    """All faults end here; from now on time counts."""
    stack.sql_proxy.forward()
    stack.redis_proxy.forward()
    for server in (stack.mysql, stack.redis):
        server.resume()
        server.start()
    for process in stack.processes:
        process.resume()
    healthy: Callable[[], bool] = lambda: stack.ready() and stack.pending() < 50  # noqa: E731
    until(healthy, RECOVERY_SECONDS, f"everything works again; {keeper.crashes}")


def check_clients(stack: Stack, tenant: Tenant, clients: list[RunningClient]) -> str:
    """Everything acknowledged is there, under its batch and with its first payload; returns a summary."""
    originals: dict[str, Event] = {}
    batches: list[str] = []
    answers: Counter[str] = Counter()
    conflicts = 0
    for client in clients:
        assert not client.refusals(), client.refusals()[:3]
        for entry in client.read():
            for event in entry.get("events", ()):
                originals.setdefault(event["id"], event)
            if "batch" in entry:
                batches.append(entry["batch"])
            if "summary" in entry:
                answers.update(entry["summary"]["answers"])
                conflicts += entry["summary"]["conflicts"]
    with stack.runtime.read() as scope:
        settled = scope.usage.settled_among([decode_id(BATCH, batch) for batch in batches])
    assert len(settled) == len(batches), "a batch that was acknowledged is gone"
    check_originals(stack, tenant.gateway_id, originals)
    query = f"SELECT COUNT(*) FROM quarantine WHERE gateway_id = {tenant.gateway_id} AND code = 'event.conflict'"
    assert stack.scalar(query) == conflicts
    told = ", ".join(f"{name}: {count}" for name, count in answers.most_common())
    return f"{len(batches)} posts with {len(originals)} events acknowledged ({told})"


def check_admins(stack: Stack, tenant: Tenant, admins: list[Admin]) -> None:
    """Each deed was done exactly once, and prices held from the moment they were acknowledged."""
    done = [answer.status for admin in admins for answer in admin.answers]
    assert set(done) <= {0, 200, 201, 409, 503}, Counter(done)
    numbers = ",".join(map(str, tenant.workspaces))
    grants = stack.rows(f"SELECT amount_nano FROM grants WHERE workspace_id IN ({numbers})")
    given = sorted(amount for admin in admins for _workspace, _grant, amount in admin.granted)
    assert sorted(row["amount_nano"] for row in grants) == sorted([*given, *[50 * 10**9] * len(tenant.workspaces)])
    priced = {public_id: at for admin in admins for public_id, at in admin.priced.items()}
    prices = stack.rows("SELECT id, public_id FROM prices WHERE pattern = 'chaos-*'")
    ours = {row["id"]: priced[bytes(row["public_id"])] for row in prices if bytes(row["public_id"]) in priced}
    assert len(ours) == len(priced)
    events = stack.rows(f"SELECT * FROM events WHERE gateway_id = {tenant.gateway_id}")
    check_prices(stack, events, ours)


def measure(stack: Stack) -> dict[str, float]:
    """Return what the processes hold."""
    found: dict[str, float] = {"connections": len(connections(stack))}
    for process in stack.processes:
        found[f"{process.name} threads"] = process.threads()
        found[f"{process.name} MiB"] = process.rss_mib()
    return found


def check_resources(before: dict[str, float], after: dict[str, float]) -> None:
    """C14: nobody holds much more than before; what a pool may keep open is not much."""
    for name, value in after.items():
        slack = 40 if name.endswith("MiB") else 12 if name == "connections" else 6
        assert value <= before[name] * 1.2 + slack, f"{name}: {before[name]} before, {value} after"
