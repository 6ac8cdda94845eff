"""Print a mail: template, values and frame become subject, HTML and text, and at last a message."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from ccmanage.core.clock import to_datetime
from ccmanage.email.catalogue import TEMPLATES
from ccmanage.email.errors import BadTemplate
from ccmanage.email.layout import Frame, to_html, to_text
from ccmanage.email.rendering import render
from ccmanage.email.shipped import shipped_source

HIDDEN: Final = "•••"


@dataclass(frozen=True, slots=True)
class Printed:
    """What a reader sees. `broken` tells why an edited template was passed over ("" = it was not)."""

    subject: str
    html: str
    text: str
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a message says besides its text."""

    sender: str
    sender_name: str
    recipient: str
    message_id: str
    at: int
    stop_url: str = ""


def print_mail(template: str, source: str, values: Mapping[str, str], frame: Frame) -> Printed:
    """Print a template as it stands; raises BadTemplate."""
    declared = TEMPLATES[template]
    known = {"name": "", **dict.fromkeys(declared.samples, ""), **values}
    mail = render(source, {**known, "brand": frame.brand, "portal": frame.portal})
    return Printed(mail.subject, to_html(mail, frame), to_text(mail, frame))


def print_or_fall_back(template: str, source: str, values: Mapping[str, str], frame: Frame) -> Printed:
    """Print a template, or the shipped one where the edited one cannot be used: a mail is not lost by an edit."""
    if source:
        try:
            return print_mail(template, source, values, frame)
        except BadTemplate as error:
            shipped = print_mail(template, shipped_source(template, frame.language), values, frame)
            return Printed(shipped.subject, shipped.html, shipped.text, broken=error.public)
    return print_mail(template, shipped_source(template, frame.language), values, frame)


def without_secrets(template: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return values for somebody who is not the reader: what would let them in is hidden."""
    secrets = TEMPLATES[template].secrets
    return {name: HIDDEN if name in secrets else value for name, value in values.items()}


def to_message(printed: Printed, envelope: Envelope) -> EmailMessage:
    """Make the message. Headers refuse line breaks, and the recipient is exactly one address."""
    message = EmailMessage()
    message["Subject"] = printed.subject
    message["From"] = Address(envelope.sender_name, addr_spec=envelope.sender)
    message["To"] = Address(addr_spec=envelope.recipient)
    message["Date"] = format_datetime(to_datetime(envelope.at))
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if envelope.stop_url:
        message["List-Unsubscribe"] = f"<{envelope.stop_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(printed.text, cte="quoted-printable")
    message.add_alternative(printed.html, subtype="html", cte="quoted-printable")
    return message
