"""Privacy: copies of people's data, and their end."""

import time

from ccmanage.bootstrap import Runtime
from ccmanage.privacy.tasks import ApplyRetention, BuildExports, EraseDue
from workers.registry import handles

# A message is done within about this time, so that a process can stop; what is left asks for another message.
_LONGEST_SECONDS = 5.0


@handles(BuildExports)
def build_exports(runtime: Runtime, _task: BuildExports) -> None:
    """Make the copies that wait, and delete those that nobody may fetch any more."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    runtime.exporter.run(should_stop=lambda: time.monotonic() > deadline)
    runtime.run(lambda scope: scope.exports.expire())


@handles(EraseDue)
def erase_due(runtime: Runtime, _task: EraseDue) -> None:
    """Forget whoever asked for it a week ago."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    runtime.eraser.run(should_stop=lambda: time.monotonic() > deadline)


@handles(ApplyRetention)
def apply_retention(runtime: Runtime, task: ApplyRetention) -> None:
    """Take away what is older than the settings allow; asks again while there is more."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    if runtime.retainer.run(should_stop=lambda: time.monotonic() > deadline):
        runtime.queue.send(task)
