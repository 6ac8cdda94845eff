"""The only composition root: one Runtime a process, one Scope a transaction. Built by hand, typed through.

The scope's parts stand in the order of the layers: people, spending, usage, reading.
"""

from ccmanage.bootstrap.runtime import Runtime
from ccmanage.bootstrap.scope import Scope

__all__ = ["Runtime", "Scope"]
