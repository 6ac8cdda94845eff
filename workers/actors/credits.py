"""Credits: grants that start and end."""

from ccmanage.bootstrap import Runtime
from ccmanage.credits.tasks import ExpireHolds, TurnGrants
from workers.registry import handles


@handles(TurnGrants)
def turn_grants(runtime: Runtime, _task: TurnGrants) -> None:
    """Start and end the grants that are due; the service asks again while many wait."""
    runtime.run(lambda scope: scope.credits.turn_due())


@handles(ExpireHolds)
def expire_holds(runtime: Runtime, _task: ExpireHolds) -> None:
    """End the holds that have run out; the service asks again while many wait."""
    runtime.run(lambda scope: scope.holds.expire_due())
