"""Notifications: tell what happened, find what only the timetable finds."""

from ccmanage.bootstrap import Runtime
from ccmanage.notifications.tasks import Tell
from workers.registry import handles


@handles(Tell)
def tell(runtime: Runtime, task: Tell) -> None:
    """Tell a chunk of what waits; asks again while there is more."""
    if runtime.run(lambda scope: scope.teller.tell()):
        runtime.queue.send(task)
