"""Messages of the price book."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class PricesChanged(Task):
    """Prices were added: events that waited for one may be charged now."""

    name: ClassVar[str] = "pricing.prices_changed"
