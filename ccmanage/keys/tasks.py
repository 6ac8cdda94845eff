"""Messages about keys."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class FitKeys(Task):
    """Disable the keys that exceed a plan that has shrunk."""

    name: ClassVar[str] = "keys.fit"
