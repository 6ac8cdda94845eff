"""Messages about mail."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class SendMail(Task):
    """Send what waits in the outbox."""

    name: ClassVar[str] = "email.send"
    queue: ClassVar[str] = "email"
