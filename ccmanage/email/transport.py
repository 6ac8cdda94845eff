"""What carries a mail away, and how that can go."""

from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum
from typing import Protocol


class Verdict(Enum):
    """What a mail server made of a mail."""

    SENT = "sent"
    # Kept where administrators read it: there is no mail server.
    KEPT = "kept"
    # Not now (4xx): this mail may be taken later.
    LATER = "later"
    # Never (5xx): the mail as such.
    REFUSED = "refused"
    # Never (5xx): the address. Nothing more is sent to it.
    NO_SUCH_ADDRESS = "no_such_address"
    # The server cannot be used at all at the moment: away, silent, closing (421), or it does not let us in.
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How it went: a verdict, a code such as `smtp_550`, the server's own words."""

    verdict: Verdict
    code: str = ""
    text: str = ""


class Transport(Protocol):
    """Hands mails to a server, one after the other."""

    def deliver(self, message: EmailMessage, *, sender: str, recipient: str) -> Delivery:
        """Hand over one mail for exactly one recipient. Never raises."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Mailbox:
    """Keeps mails where they are: the portal shows them. For an installation that has no mail server."""

    def deliver(self, message: EmailMessage, *, sender: str, recipient: str) -> Delivery:
        """Leave the mail in its row."""
        del message, sender, recipient
        return Delivery(Verdict.KEPT)

    def close(self) -> None:
        """Nothing is open."""
