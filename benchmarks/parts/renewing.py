"""Many subscriptions due at one instant: how long two workers take, while ingest goes on."""

from __future__ import annotations

import time

from benchmarks import programs
from benchmarks.context import Context
from benchmarks.figures import Figure, at_most
from benchmarks.installation import Installation
from benchmarks.load import Generator, Load
from ccmanage.adapters.dramatiq_queue import SilentQueue
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import DAY, HOUR, SECOND, SystemClock
from ccmanage.subscriptions.states import Cause
from support.doubles import FixedClock
from support.many_plans import subscribe_many

# Subscriptions for each workspace that sends events: 100,000 at the suite's usual size.
SHARE = 20
BASE = 100_000
WORKERS = 2
LONGEST_SECONDS = 60.0
# Events a second that are posted and settled beside the renewals.
RATE = 1_000.0
_GIVE_UP_SECONDS = 600.0
_LOOK_SECONDS = 0.25
_CHUNK = 10_000
_FIRST = 1_000_000


def renewals(context: Context) -> None:
    """Renew all of them: expire, roll over, grant anew, move the period."""
    count = SHARE * context.options.workspaces
    installation = context.install("renewals")
    due = _prepare(context, installation, count)
    folder, environment = installation.folder, installation.environment
    workers = [programs.worker(folder, environment, number) for number in range(1, WORKERS + 1)]
    with installation.run(programs.api(folder, environment, 1)):
        population = installation.population
        load = Load(installation.address, population.token, population.keys, 100, 4, _GIVE_UP_SECONDS, RATE, seed=3)
        with Generator(load) as generator:
            generator.go()
            with installation.run(*workers):
                seconds = _until_renewed(installation, due, count)
                settled = _settled(installation)
    context.add(
        at_most(f"renewals: {count:,} due at once", seconds, "s", LONGEST_SECONDS * count / BASE),
        Figure("renewals: rate", count / seconds, "renewals/s"),
        Figure("renewals: events settled beside", settled / seconds, "events/s"),
    )
    context.audit(installation, "renewals")


def _prepare(context: Context, installation: Installation, count: int) -> int:
    """Subscribe workspaces and open their first period by the product's own code; returns when the second began."""
    first = SystemClock().now_ms() - DAY - HOUR
    context.say(f"renewals: {count:,} subscriptions")
    for start in range(_FIRST, _FIRST + count, _CHUNK):
        subscribe_many(installation.runtime, min(_CHUNK, _FIRST + count - start), first, first=start)
    earlier = Runtime(installation.runtime.settings, SilentQueue(), clock=FixedClock(first))
    earlier.renewer.run()
    earlier.close()
    return first + DAY


def _until_renewed(installation: Installation, due: int, count: int) -> float:
    """Wait until every period has begun; returns how long it took from the first transaction's beginning on."""
    began = time.monotonic()
    while time.monotonic() - began < _GIVE_UP_SECONDS:
        # By the index that the sweep uses, too: looking must cost nothing.
        waiting = f"SELECT COUNT(*) FROM subscriptions WHERE next_attempt_at > 0 AND next_attempt_at <= {due}"
        left = _number(installation, waiting)
        if not left:
            # Workers begin as soon as they are up, before anybody looks: the rows know when that was.
            first = f"SELECT MIN(at) FROM renewals WHERE cause = {Cause.RENEWED:d} AND start_at = {due}"
            done = SystemClock().now_ms()
            return (done - _number(installation, first)) / SECOND
        time.sleep(_LOOK_SECONDS)
    raise AssertionError(f"{left:,} of {count:,} are not renewed after {_GIVE_UP_SECONDS:g} s")


def _settled(installation: Installation) -> int:
    return _number(installation, "SELECT COALESCE(SUM(events), 0) FROM settlements")


def _number(installation: Installation, query: str) -> int:
    with installation.runtime.database.engine.connect() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())
