"""Periods under faults (rows 33 to 39, 57): whatever jumps, dies or comes at once, each period is opened once.

On MariaDB, with real processes where a process is what fails. After each test the audit proves I1 to I8.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccmanage.adapters.dramatiq_queue import SilentQueue
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import DAY, HOUR, MINUTE, SystemClock, to_datetime, to_ms
from ccmanage.core.money import NANO
from ccmanage.core.pagination import PageRequest
from ccmanage.packages.errors import PackageChanged
from ccmanage.packages.rules import Period, PeriodKind, RolloverTerms
from ccmanage.packages.service import PackageChange
from ccmanage.subscriptions.models import Timing
from ccmanage.subscriptions.moving import NewMove
from ccmanage.subscriptions.rules import next_boundaries
from support.gateway import COST, Gateway
from support.many_plans import subscribe_many
from support.plans import assert_clean, assign, balance, plan_of, publish, renew
from support.world import World

pytestmark = [pytest.mark.faults, pytest.mark.mysql]

ROOT = Path(__file__).parents[2]
DAILY = Period(PeriodKind.DAY)
# A time of day that each zone skips once a year.
ZONES = {
    "Europe/Berlin": "02:30",
    "Europe/London": "01:30",
    "America/New_York": "02:30",
    "Australia/Sydney": "02:30",
    "America/Santiago": "00:00",
    "Asia/Beirut": "00:00",
    "Australia/Lord_Howe": "02:15",
}


@pytest.fixture
def world(mysql_world: World) -> Iterator[World]:
    """An installation on MariaDB whose books are proven at the end."""
    yield mysql_world
    assert_clean(mysql_world)


def starts(world: World, subscription_id: int) -> list[int]:
    rows = world.rows("renewals", f"subscription_id = {subscription_id} ORDER BY id")
    return [row["start_at"] for row in rows]


def scalar(world: World, query: str) -> int:
    with world.runtime.database.engine.connect() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 400 * DAY], ids=["ahead", "behind", "a year ahead"])
def test_row_33_a_hosts_clock_jumps_and_periods_do_not(world: World, tmp_path: Path, jump: int) -> None:
    """Without a clock that was handed in, the database's decides: what is due there is renewed, nothing else."""
    world.clock.now = SystemClock().now_ms() - DAY + 30 * MINUTE
    offer, late, early = publish(world, period=DAILY), world.person("Late"), world.person("Early")
    assign(world, early.workspace, offer)
    world.clock.now -= HOUR
    assign(world, late.workspace, offer)
    clock = tmp_path / "clock"
    clock.write_text(str(jump))
    settings = world.settings.model_copy(update={"test_clock_file": clock})
    skewed = Runtime(settings, SilentQueue())
    try:
        assert abs(skewed.clock.now_ms() - SystemClock().now_ms() - jump) < MINUTE
        skewed.renewer.run()
    finally:
        skewed.close()
    world.clock.now = SystemClock().now_ms()
    # One was due half an hour ago, the other is in half an hour: on every host.
    assert len(starts(world, plan_of(world, late.workspace).standing.id)) == 2
    assert len(starts(world, plan_of(world, early.workspace).standing.id)) == 1


def test_row_34_each_local_day_is_reset_once_at_its_first_valid_instant(world: World) -> None:
    """A sweep of two years: seven minutes at a time around each change of a clock, in one go in between."""
    offer, plans, windows = publish(world, period=DAILY), {}, []
    for zone, hour in ZONES.items():
        anchor = to_ms(datetime.fromisoformat(f"2026-12-31T{hour}").replace(tzinfo=ZoneInfo(zone)))
        days = [anchor, *next_boundaries(anchor, DAILY, ZoneInfo(zone), anchor, 735)]
        odd = [(start, end) for start, end in pairwise(days) if end - start != DAY]
        assert len(odd) >= 4
        windows += [(start - HOUR, end + HOUR) for start, end in odd]
        plans[zone] = (anchor, days)
    world.clock.now = max(anchor for anchor, _days in plans.values())
    views = {}
    for zone, (anchor, _days) in plans.items():
        person = world.person(zone.replace("/", " "))
        views[zone] = assign(world, person.workspace, offer, zone=zone, anchor_at=anchor)
    swept = []
    for begin, end in sorted(windows):
        world.clock.now = max(world.clock.now, begin)
        renew(world)
        while world.clock.now < end:
            swept.append((world.clock.now, world.clock.now + 7 * MINUTE))
            world.clock.now += 7 * MINUTE
            renew(world)
    for zone, (_anchor, days) in plans.items():
        rows = world.rows("renewals", f"subscription_id = {views[zone].standing.id} ORDER BY id")
        first = days.index(rows[0]["start_at"])
        assert [row["start_at"] for row in rows] == days[first : first + len(rows)], zone
        # Where the sweep passed a day's beginning, it was opened by the very next look.
        for row in rows[1:]:
            for before, after in swept:
                if before < row["start_at"] <= after:
                    assert row["at"] == after, zone
        assert sum(any(before < row["start_at"] <= after for before, after in swept) for row in rows) >= 4


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ("2027-01-31", ["01-31", "02-28", "03-31", "04-30", "05-31", "12-31", "01-31", "02-29", "03-31"]),
        ("2027-01-30", ["01-30", "02-28", "03-30", "04-30", "05-30", "12-30", "01-30", "02-29", "03-30"]),
        ("2027-01-29", ["01-29", "02-28", "03-29", "04-29", "05-29", "12-29", "01-29", "02-29", "03-29"]),
    ],
)
def test_row_35_the_ends_of_months_do_not_drift(world: World, anchor: str, expected: list[str]) -> None:
    zone = ZoneInfo("Europe/Berlin")
    world.clock.now = to_ms(datetime.fromisoformat(f"{anchor}T09:00").replace(tzinfo=zone))
    view = assign(world, world.person().workspace, publish(world), zone="Europe/Berlin")
    for _ in range(14):
        world.clock.move(days=31)
        renew(world)
    found = [to_datetime(at).astimezone(zone) for at in starts(world, view.standing.id)]
    days = [f"{moment:%m-%d}" for moment in found]
    assert [*days[:5], *days[11:15]] == expected
    assert {f"{moment:%H:%M}" for moment in found} == {"09:00"}


def test_row_36_three_periods_without_a_scheduler_are_booked_in_order(world: World) -> None:
    gateway = Gateway.of(world, credits=None)
    rolling = RolloverTerms(percent=50, max_periods=1)
    view = assign(world, gateway.person.workspace, publish(world, period=DAILY, rollover=rolling))
    world.clock.move(days=2)
    gateway.charge(gateway.event())
    world.clock.move(days=1, hours=2)
    renew(world)
    first = view.standing.period_start_at
    assert starts(world, view.standing.id) == [first + number * DAY for number in range(4)]
    # Of the first day 100 less the call were left; half of each day's rest lives for one day more.
    assert balance(world, gateway.person.workspace) == (150 * NANO, 0)
    entries = world.rows("ledger", "1=1 ORDER BY seq")
    rolled = [row["amount_nano"] for row in entries if row["kind"] == 4 and row["amount_nano"] > 0]
    assert rolled == [(100 * NANO - COST) // 2, 50 * NANO, 50 * NANO]


def test_row_37_five_renewers_at_once_open_each_period_once(world: World) -> None:
    due = world.clock.now + DAY
    numbers = subscribe_many(world.runtime, 1_200, due)
    world.clock.now = due + DAY + HOUR
    runtimes = [Runtime(world.settings, SilentQueue(), clock=world.clock) for _ in range(5)]
    together(*[runtime.renewer.run for runtime in runtimes])
    for runtime in runtimes:
        runtime.close()
    renew(world)
    assert world.count("renewals", "cause = 4") == 2 * len(numbers)
    assert world.count("subscriptions", f"period_start_at = {due + DAY}") == len(numbers)
    assert world.rows("balances", f"workspace_id = {numbers[7]}")[0]["balance_nano"] == 150 * NANO


def test_row_38_killed_in_the_middle_of_a_sweep_it_goes_on_where_it_was(world: World) -> None:
    due, moment = world.clock.now + DAY, random.Random(38)
    numbers = subscribe_many(world.runtime, 10_000, due)
    world.clock.now = due + HOUR
    done = [0]
    for _ in range(4):
        child = renewing(world)
        assert child.stdout is not None
        assert child.stdout.readline() == b"renewing\n"
        try:
            child.wait(moment.uniform(0.2, 0.9))
        except subprocess.TimeoutExpired:
            child.kill()
        child.wait()
        done.append(scalar(world, "SELECT COUNT(*) FROM renewals WHERE cause = 4"))
    assert done == sorted(done)
    # And killed for certain with a whole chunk written, right before its commit.
    if done[-1] < len(numbers):
        assert renewing(world, fail_at="renew.before_commit").wait(60) == -9
    renew(world)
    assert scalar(world, "SELECT COUNT(*) FROM renewals WHERE cause = 4") == len(numbers)
    assert scalar(world, f"SELECT COUNT(*) FROM subscriptions WHERE period_start_at = {due}") == len(numbers)
    assert scalar(world, "SELECT COUNT(*) FROM grants") == len(numbers)


def test_row_38_so_is_a_move_of_subscribers(world: World) -> None:
    """Killed with a chunk written, before its commit, at any moment, and by two at once: each is moved once."""
    numbers = subscribe_many(world.runtime, 2_300, world.clock.now + DAY)
    with world.scope() as scope:
        [package] = scope.packages.page(PageRequest()).items
        terms = replace(package.versions[0].terms, allowance_nano=7 * NANO)
        drafted = scope.packages.write_draft(package.package.public_id, package.package.revision, terms)
        found = scope.packages.publish(package.package.public_id, drafted.package.revision)
        scope.subscriber_moves.start(NewMove(found, 0, found.versions[0], Timing.NOW), "for the test")
    world.clock.now += HOUR
    assert renewing(world, "move", fail_at="move.before_commit").wait(60) == -9
    assert world.count("renewals", "cause = 5") == 0
    child, moment = renewing(world, "move"), random.Random(59)
    assert child.stdout is not None
    assert child.stdout.readline() == b"renewing\n"
    try:
        child.wait(moment.uniform(0.3, 0.9))
    except subprocess.TimeoutExpired:
        child.kill()
    child.wait()
    [half] = world.rows("subscriber_moves")
    assert half["moved"] == scalar(world, "SELECT COUNT(*) FROM renewals WHERE cause = 5")
    runtimes = [Runtime(world.settings, SilentQueue(), clock=world.clock) for _ in range(2)]
    together(*[runtime.mover.run for runtime in runtimes])
    for runtime in runtimes:
        runtime.close()
    [whole] = world.rows("subscriber_moves")
    assert (whole["state"], whole["moved"], whole["total"], whole["failed"]) == (1, 2_300, 2_300, 0)
    assert scalar(world, "SELECT COUNT(*) FROM renewals WHERE cause = 5") == len(numbers)
    assert scalar(world, "SELECT COUNT(DISTINCT subscription_id) FROM renewals WHERE cause = 5") == len(numbers)
    assert world.rows("balances", f"workspace_id = {numbers[7]}")[0]["balance_nano"] == 7 * NANO


def test_row_39_usage_at_the_very_instant_of_the_reset_is_charged_once(world: World) -> None:
    """Eight threads post and settle through the boundary while two renew: nothing is lost, nothing doubled."""
    gateway = Gateway.of(world, credits=None)
    workspace = gateway.person.workspace
    view = assign(world, workspace, publish(world, period=DAILY, rollover=RolloverTerms(percent=100)))
    world.clock.now = view.standing.period_end_at - 1
    runtimes = [Runtime(world.settings, SilentQueue(), clock=world.clock) for _ in range(10)]

    def charge(number: int) -> None:
        for place in range(10):
            if (number, place) == (0, 3):
                world.clock.now += 1
            gateway.post(gateway.event(id=f"{number}/{place}"))
            runtimes[number].settler.run_pending()

    def renewals(number: int) -> None:
        for _ in range(20):
            runtimes[number].renewer.run()

    together(*[partial(charge, number) for number in range(8)], *[partial(renewals, number) for number in range(8, 10)])
    for runtime in runtimes:
        runtime.close()
    gateway.settle()
    renew(world)
    assert world.count("events") == 80
    assert balance(world, workspace) == (200 * NANO - 80 * COST, 0)
    assert len(starts(world, view.standing.id)) == 2


def test_row_57_of_two_edits_of_one_package_one_is_told_to_look_again(world: World) -> None:
    package = publish(world).package
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def edit(name: str) -> None:
        start.wait()
        try:
            with world.scope() as scope:
                scope.packages.change(package.public_id, package.revision, PackageChange(name=name))
            outcomes.append(name)
        except PackageChanged:
            outcomes.append("changed")

    together(*[partial(edit, f"Name {number}") for number in range(6)])
    [winner] = [name for name in outcomes if name != "changed"]
    assert outcomes.count("changed") == 5
    [row] = world.rows("packages")
    assert (row["name"], row["revision"]) == (winner, package.revision + 1)
    assert world.count("audit_log", "action = 'packages.change'") == 1


def together(*works: Callable[[], object]) -> None:
    """Run everything at the same time; raises what one of them raised."""
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result()


def renewing(world: World, what: str = "renew", *, fail_at: str = "") -> subprocess.Popen[bytes]:
    """Start a process that renews what is due, or moves subscribers."""
    environment = {**os.environ, "CCMANAGE_FAIL": fail_at, "PYTHONPATH": f"{ROOT / 'tests'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "support.renewing", world.settings.database_url, str(world.clock.now), what]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
