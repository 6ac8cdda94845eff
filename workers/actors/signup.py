"""People: what they asked for without signing in."""

import time

from ccmanage.accounts.tasks import AnswerRequests
from ccmanage.bootstrap import Runtime
from workers.registry import handles

_LONGEST_SECONDS = 5.0


@handles(AnswerRequests)
def answer_requests(runtime: Runtime, task: AnswerRequests) -> None:
    """Answer what is due; asks again while there is more."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    if runtime.answerer.run(should_stop=lambda: time.monotonic() > deadline):
        runtime.queue.send(task)
