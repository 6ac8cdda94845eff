"""Messages of privacy."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class BuildExports(Task):
    """Make the copies that were asked for."""

    name: ClassVar[str] = "privacy.build_exports"


@dataclass(frozen=True)
class EraseDue(Task):
    """Forget whoever asked for it a week ago."""

    name: ClassVar[str] = "privacy.erase_due"


@dataclass(frozen=True)
class ApplyRetention(Task):
    """Take away what is older than the settings allow."""

    name: ClassVar[str] = "privacy.apply_retention"
