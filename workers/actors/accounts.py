"""People: forget what is long over."""

from ccmanage.accounts.tasks import ForgetStale
from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.idempotency import trim_records
from workers.registry import handles


@handles(ForgetStale)
def forget_stale(runtime: Runtime, task: ForgetStale) -> None:
    """Delete a chunk of old sign-ins and of old answers to idempotency keys; asks again while there are more."""

    def forget(scope: Scope) -> bool:
        sessions_left = scope.sessions.forget_stale()
        challenges_left = scope.challenges.forget_stale()
        return trim_records(scope.session, scope.clock.now_ms()) or sessions_left or challenges_left

    if runtime.run(forget):
        runtime.queue.send(task)
