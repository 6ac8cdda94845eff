"""The audit log: chain what was committed."""

from ccmanage.audit.tasks import SealAudit
from ccmanage.bootstrap import Runtime
from workers.registry import handles


@handles(SealAudit)
def seal_audit(runtime: Runtime, task: SealAudit) -> None:
    """Seal a chunk; asks again while it was a full one."""
    if _waits(runtime) and runtime.run(lambda scope: scope.sealer.seal()) and _waits(runtime):
        runtime.queue.send(task)


def _waits(runtime: Runtime) -> bool:
    with runtime.read() as scope:
        return scope.audit.has_unsealed()
