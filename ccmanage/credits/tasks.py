"""Messages about credits."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class TurnGrants(Task):
    """Start the scheduled grants that are due and end those that are over."""

    name: ClassVar[str] = "credits.turn_grants"


@dataclass(frozen=True)
class ExpireHolds(Task):
    """End the holds that have run out."""

    name: ClassVar[str] = "credits.expire_holds"
