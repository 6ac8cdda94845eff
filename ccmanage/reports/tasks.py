"""Messages about reports."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class AuditBooks(Task):
    """Audit the books from where the last run had proven them."""

    name: ClassVar[str] = "books.audit"
    # It takes long: what else waits shall not wait for it.
    queue: ClassVar[str] = "audit"
