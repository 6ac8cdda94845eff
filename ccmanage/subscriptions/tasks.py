"""Messages about subscriptions."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class MoveOn(Task):
    """Go on with moves of subscribers."""

    name: ClassVar[str] = "subscriptions.move_on"


@dataclass(frozen=True)
class RenewDue(Task):
    """Open the periods that have begun."""

    name: ClassVar[str] = "subscriptions.renew_due"
