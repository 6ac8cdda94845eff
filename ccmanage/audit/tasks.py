"""Messages of the audit log."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class SealAudit(Task):
    """Chain the entries that were committed since the last time."""

    name: ClassVar[str] = "audit.seal"
