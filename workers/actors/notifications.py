"""Notifications: tell what happened, send it, find what only the timetable finds, forget what is long over."""

import time
from functools import partial

from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.clock import DAY
from ccmanage.notifications.tasks import FindSlowAlerts, ForgetTold, SendDeliveries, Tell, WatchInstallation
from workers.registry import handles
from workers.telling import tell_all

# A message is done within this time, so that a process can stop; what is left asks for another message.
_LONGEST_SECONDS = 5.0
_LOG_DAYS = 30
_LIST_DAYS = 90
_CHUNK = 1_000


@handles(Tell)
def tell(runtime: Runtime, task: Tell) -> None:
    """Tell what waits; asks again while there is more."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    if tell_all(runtime, should_stop=lambda: time.monotonic() > deadline):
        runtime.queue.send(task)


@handles(SendDeliveries)
def send_deliveries(runtime: Runtime, task: SendDeliveries) -> None:
    """Send what is due to webhooks; asks again while there is more."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    if runtime.deliverer.run(should_stop=lambda: time.monotonic() > deadline):
        runtime.queue.send(task)


@handles(ForgetTold)
def forget_told(runtime: Runtime, task: ForgetTold) -> None:
    """Delete a chunk of old deliveries and of what people were told long ago; asks again while there is more."""
    now = runtime.clock.now_ms()
    log_left = runtime.run(lambda scope: scope.deliveries.forget_before(now - _LOG_DAYS * DAY, _CHUNK))
    list_left = runtime.run(lambda scope: scope.happenings.forget_before(now - _LIST_DAYS * DAY, _CHUNK))
    if log_left or list_left:
        runtime.queue.send(task)


@handles(FindSlowAlerts)
def find_slow_alerts(runtime: Runtime, _task: FindSlowAlerts) -> None:
    """Look at every threshold that no single move of a balance crosses, a chunk in a transaction."""
    after: int | None = 0
    while after is not None:
        after = runtime.run(partial(_look, after))


def _look(after: int, scope: Scope) -> int | None:
    return scope.slow_alerts.look(after)


@handles(WatchInstallation)
def watch_installation(runtime: Runtime, _task: WatchInstallation) -> None:
    """Look whether administrators must be told something."""
    runtime.run(lambda scope: scope.installation_watch.look())
