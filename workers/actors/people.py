"""People: make them found by the domain of their address."""

from ccmanage.accounts.tasks import IndexDomains
from ccmanage.bootstrap import Runtime
from workers.registry import handles

_CHUNK = 200


@handles(IndexDomains)
def index_domains(runtime: Runtime, task: IndexDomains) -> None:
    """Index a chunk of people who came before there was such an index; asks again while there are more."""
    if runtime.run(lambda scope: scope.accounts.index_domains(_CHUNK)):
        runtime.queue.send(task)
