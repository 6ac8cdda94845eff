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


@dataclass(frozen=True)
class FindSlowAlerts(Task):
    """Look for projected run-outs and days on which too much was spent."""

    name: ClassVar[str] = "notifications.find_slow_alerts"


@dataclass(frozen=True)
class WatchInstallation(Task):
    """Look whether administrators must be told something."""

    name: ClassVar[str] = "notifications.watch_installation"
