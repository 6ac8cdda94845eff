"""Messages about people."""

from dataclasses import dataclass
from typing import ClassVar

from ccmanage.core.tasks import Task


@dataclass(frozen=True)
class AnswerRequests(Task):
    """Do what people asked for without signing in: registrations, forgotten passwords, new addresses."""

    name: ClassVar[str] = "accounts.answer_requests"


@dataclass(frozen=True)
class ForgetStale(Task):
    """Delete sign-ins that are long over and answers that nobody will ask for again."""

    name: ClassVar[str] = "accounts.forget_stale"


@dataclass(frozen=True)
class IndexDomains(Task):
    """Make people found by the domain of their address."""

    name: ClassVar[str] = "accounts.index_domains"
