"""A metronome: while this process holds the lease, it sends each message of the timetable when its time comes.

APScheduler keeps its jobs in memory and knows intervals in UTC only: its cron triggers skip or double runs
around changes of the clock, and its stores run everything once per process that shares them.
"""

import os
import secrets
import socket
import time
from collections.abc import Sequence

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from ccmanage.adapters.dramatiq_queue import open_queue
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import SECOND, SystemClock, to_datetime
from ccmanage.core.config import Settings
from ccmanage.core.locks import drop_lease, take_lease
from ccmanage.core.logging import configure_logging, get_logger
from ccmanage.core.process import check_clock, stop_on_signals, when_database_answers
from scheduler.timetable import TIMETABLE, Entry

log = get_logger(__name__)

LEASE = "scheduler"
_LEASE_MS = 15 * SECOND
_RENEW_SECONDS = 5
# A line that comes rarely is not put off by each restart for a whole interval more.
_FIRST_RUN_MS = 10 * SECOND


class Metronome:
    """Sends the timetable's messages while it holds the lease. Any number may run: one at a time speaks."""

    def __init__(self, runtime: Runtime, timetable: Sequence[Entry] = TIMETABLE) -> None:
        self._runtime = runtime
        self._holder = f"{socket.gethostname()[:32]}/{os.getpid()}/{secrets.token_hex(4)}"
        self._leads_until = 0.0
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        now = SystemClock().now_ms()
        self._scheduler.add_job(
            self._renew, IntervalTrigger(seconds=_RENEW_SECONDS, timezone="UTC"), next_run_time=to_datetime(now)
        )
        for place, entry in enumerate(timetable):
            seconds = entry.every.total_seconds()
            first = now + min(_FIRST_RUN_MS, int(seconds * SECOND)) + place * 100
            self._scheduler.add_job(
                self._send,
                IntervalTrigger(seconds=seconds, timezone="UTC"),
                args=(entry,),
                next_run_time=to_datetime(first),
            )

    @property
    def leads(self) -> bool:
        """Tell whether this process is the one that speaks. A lease that could not be renewed runs out."""
        return time.monotonic() < self._leads_until

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop, and let another take over at once."""
        self._scheduler.shutdown(wait=True)
        if self.leads:
            self._leads_until = 0.0
            try:
                self._runtime.run(lambda scope: drop_lease(scope.session, LEASE, self._holder))
            except Exception as error:
                log.warning("lease_not_dropped", error=str(error)[:200])

    def _renew(self) -> None:
        led, asked_at = self.leads, time.monotonic()
        try:
            mine = self._runtime.run(
                lambda scope: take_lease(
                    scope.session, LEASE, self._holder, now_ms=scope.clock.now_ms(), length_ms=_LEASE_MS
                )
            )
        except Exception as error:
            log.warning("lease_not_renewed", error=str(error)[:200])
            return
        self._leads_until = asked_at + _LEASE_MS / SECOND if mine else 0.0
        if mine != led:
            log.info("scheduler_leads" if mine else "scheduler_waits")

    def _send(self, entry: Entry) -> None:
        if self.leads:
            self._runtime.queue.send(entry.task)


def build(settings: Settings) -> tuple[Runtime, Metronome]:
    """Build a scheduler process from its settings."""
    runtime = Runtime(settings, open_queue(settings.nudge_url))
    return runtime, Metronome(runtime)


def run(settings: Settings) -> None:
    """Send the timetable's messages until SIGTERM or SIGINT. Raises ClocksApart."""
    configure_logging("scheduler", settings.log_level, settings.log_format)
    stopping = stop_on_signals()
    runtime, metronome = build(settings)
    if when_database_answers(lambda: check_clock(runtime.database, runtime.clock), stopping):
        metronome.start()
        log.info("scheduler_started", lines=len(TIMETABLE))
        stopping.wait()
        metronome.stop()
    runtime.close()
