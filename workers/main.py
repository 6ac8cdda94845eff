"""A worker process: Dramatiq's threads for messages, three that poll, no forking master.

Dramatiq's own command line runs a master whose children all end when one dies, and live on as orphans when the
master is killed. Here one process is one worker, and whoever supervises it starts it again.
"""

import dramatiq

from ccmanage.adapters.brokers import open_broker
from ccmanage.adapters.dramatiq_queue import DramatiqQueue
from ccmanage.bootstrap import Runtime
from ccmanage.core.config import Settings
from ccmanage.core.logging import configure_logging, get_logger
from ccmanage.core.process import check_clock, stop_on_signals, tame_memory, when_database_answers
from workers.broker import declare_actors
from workers.poller import Poller
from workers.settling import settle
from workers.telling import tell_all

log = get_logger(__name__)

# Together well below the 30 seconds that supervisors give a process to end.
_FINISH_SECONDS = 20
# How long a Redis without messages is left in peace, at most.
_IDLE_MS = 100
# How late somebody is told of something while no message says so.
_TELL_EVERY_SECONDS = 2.0
# How late a period may begin while no message says so.
_RENEW_EVERY_SECONDS = 5.0
# How long a mail may wait while no message says so.
_MAIL_EVERY_SECONDS = 2.0


class WorkerProcess:
    """The threads that work in this process. Also the embedded mode runs one, beside everything else."""

    def __init__(self, runtime: Runtime, broker: dramatiq.Broker) -> None:
        self._broker = broker
        declare_actors(broker, runtime)
        self._worker = dramatiq.Worker(broker, worker_threads=runtime.settings.worker_threads, worker_timeout=_IDLE_MS)
        # One message at a time of each queue: what a process has fetched, no other can take.
        self._worker.queue_prefetch = self._worker.delay_prefetch = 1
        self._stopping = False
        self._poller = Poller(lambda: settle(runtime, should_stop=lambda: self._stopping))
        self._requests = Poller(lambda: runtime.answerer.run(should_stop=lambda: self._stopping))
        self._renewals = Poller(
            lambda: runtime.renewer.run(should_stop=lambda: self._stopping), every_seconds=_RENEW_EVERY_SECONDS
        )
        self._telling = Poller(
            lambda: tell_all(runtime, should_stop=lambda: self._stopping), every_seconds=_TELL_EVERY_SECONDS
        )
        self._mail = Poller(
            lambda: runtime.mailer.run(should_stop=lambda: self._stopping), every_seconds=_MAIL_EVERY_SECONDS
        )

    def start(self) -> None:
        """Begin to work."""
        self._broker.emit_after("process_boot")
        self._worker.start()
        self._poller.start()
        self._renewals.start()
        self._telling.start()
        self._requests.start()
        self._mail.start()

    def stop(self) -> None:
        """Finish what is being done, take nothing new."""
        self._stopping = True
        pollers = (self._poller, self._renewals, self._telling, self._requests, self._mail)
        ended = [poller.stop(_FINISH_SECONDS / 4) for poller in pollers]
        self._worker.stop(timeout=_FINISH_SECONDS * 500)
        self._broker.close()
        log.info("worker_stopped", finished=all(ended))


def build(settings: Settings) -> tuple[Runtime, WorkerProcess]:
    """Build a worker process from its settings."""
    broker = open_broker(settings.nudge_url)
    runtime = Runtime(settings, DramatiqQueue(broker))
    return runtime, WorkerProcess(runtime, broker)


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Raises ClocksApart instead of starting with a wrong clock."""
    configure_logging("worker", settings.log_level, settings.log_format)
    stopping = stop_on_signals()
    runtime, worker = build(settings)
    tame_memory()
    if when_database_answers(lambda: check_clock(runtime.database, runtime.clock), stopping):
        worker.start()
        log.info("worker_started", threads=settings.worker_threads)
        stopping.wait()
        worker.stop()
    runtime.close()
