"""Mail: send what waits."""

import time

from ccmanage.bootstrap import Runtime
from ccmanage.email.tasks import SendMail
from workers.registry import handles

# A message is done within about this time, so that a process can stop; what is left asks for another message.
_LONGEST_SECONDS = 5.0


@handles(SendMail)
def send_mail(runtime: Runtime, task: SendMail) -> None:
    """Send what is due; the worker's own poll and the timetable find what a lost message leaves."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    if runtime.mailer.run(should_stop=lambda: time.monotonic() > deadline):
        runtime.queue.send(task)
