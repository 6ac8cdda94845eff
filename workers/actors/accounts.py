"""People: forget what is long over."""

from ccmanage.accounts.tasks import ForgetStale
from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.idempotency import trim_records
from workers.registry import handles


@handles(ForgetStale)
def forget_stale(runtime: Runtime, task: ForgetStale) -> None:
    """Delete a chunk of old sign-ins and of old answers to idempotency keys; asks again while there are more."""

    def forget(scope: Scope) -> bool:
        left = [
            scope.sessions.forget_stale(),
            scope.challenges.forget_stale(),
            scope.proofs.forget_stale(),
            scope.browsers.forget_stale(),
            scope.invitations.forget_old(),
            trim_records(scope.session, scope.clock.now_ms()),
        ]
        return any(left)

    if runtime.run(forget):
        runtime.queue.send(task)
