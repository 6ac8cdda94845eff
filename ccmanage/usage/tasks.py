"""Messages about usage. They carry nothing: the rows say what waits."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class SettleUsage(Task):
    """Settle what waits in the inbox."""

    name: ClassVar[str] = "usage.settle"
    queue: ClassVar[str] = "settle"


@dataclass(frozen=True)
class SweepInbox(Task):
    """Nudge again if batches have waited for more than a few seconds."""

    name: ClassVar[str] = "usage.sweep_inbox"


@dataclass(frozen=True)
class ChargeLatePrices(Task):
    """Charge the events whose price came late."""

    name: ClassVar[str] = "usage.charge_late_prices"
    queue: ClassVar[str] = "settle"
