"""Messages about notifications. The rows are the truth; each of these is a nudge."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class Tell(Task):
    """Tell those whom it concerns what has happened: lists, mails, webhooks."""

    name: ClassVar[str] = "notifications.tell"


@dataclass(frozen=True)
class SendDeliveries(Task):
    """Send what is due to webhooks."""

    name: ClassVar[str] = "notifications.send_deliveries"


@dataclass(frozen=True)
class ForgetTold(Task):
    """Forget what was told long ago."""

    name: ClassVar[str] = "notifications.forget_told"
