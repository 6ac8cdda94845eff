"""Subscriptions: open the periods that have begun, move subscribers."""

import time

from ccmanage.bootstrap import Runtime
from ccmanage.subscriptions.tasks import MoveOn, RenewDue
from workers.registry import handles

# A message is done within this time, so that a process can stop; what is left asks for another message.
_LONGEST_SECONDS = 5.0


@handles(RenewDue)
def renew_due(runtime: Runtime, task: RenewDue) -> None:
    """Renew what is due. The other workers' own poll lets them help where there is much of it."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    if runtime.renewer.run(should_stop=lambda: time.monotonic() > deadline):
        runtime.queue.send(task)


@handles(MoveOn)
def move_on(runtime: Runtime, task: MoveOn) -> None:
    """Go on with moves of subscribers."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    if runtime.mover.run(should_stop=lambda: time.monotonic() > deadline):
        runtime.queue.send(task)
