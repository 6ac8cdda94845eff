"""Keys: what exceeds the plan rests."""

from ccmanage.bootstrap import Runtime
from ccmanage.keys.tasks import FitKeys
from workers.registry import handles


@handles(FitKeys)
def fit_keys(runtime: Runtime, _task: FitKeys) -> None:
    """Disable the keys that exceed the plan of their workspace, newest first."""
    runtime.run(lambda scope: scope.key_limits.fit_all())
