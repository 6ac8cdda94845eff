"""A real SMTP server (aiosmtpd) on this machine, whose behaviour a test scripts."""

from __future__ import annotations

import asyncio
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast
from urllib.parse import quote

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from support.server_process import free_port


@dataclass
class Received:
    """A mail that the server said yes to."""

    sender: str
    recipients: list[str]
    message: EmailMessage


@dataclass
class Script:
    """What the server says. Each list is used up from the front; when it is empty all is well."""

    at_recipient: list[str] = field(default_factory=list)
    at_data: list[str] = field(default_factory=list)
    # Say nothing any more after the final dot: "hang" keeps the connection, "drop" closes it; both keep the mail.
    after_data: list[str] = field(default_factory=list)


@dataclass
class Security:
    """TLS from the start, or by STARTTLS and nothing before it; and the only one who may send."""

    context: ssl.SSLContext
    implicit: bool
    user: str = "robot"
    password: str = "correct horse"
    seen: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def scheme(self) -> str:
        return "smtps" if self.implicit else "smtp+starttls"

    def admit(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, proof: LoginPassword
    ) -> AuthResult:
        self.seen.append((proof.login, proof.password))
        # What is not handled the server answers itself, with 535.
        right = proof == LoginPassword(self.user.encode(), self.password.encode())
        return AuthResult(success=right, handled=False)


class MailServer:
    """Listens on a free port of 127.0.0.1 while it is open."""

    def __init__(self, port: int = 0, *, security: Security | None = None) -> None:
        self.received: list[Received] = []
        self.script = Script()
        self.connections = 0
        self._arrived = threading.Condition()
        self._release = threading.Event()
        self.port = port or free_port()
        self.security = security
        implicit = security.context if security and security.implicit else None
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port, ssl_context=implicit)

    def __enter__(self) -> MailServer:
        self._controller.start()
        # Starting connects once to itself.
        self.connections = 0
        return self

    def __exit__(self, *_: object) -> None:
        self._release.set()
        self._controller.stop()

    @property
    def url(self) -> str:
        if self.security is None:
            return f"smtp://127.0.0.1:{self.port}"
        return f"{self.security.scheme}://{self.security.user}:{quote(self.security.password)}@localhost:{self.port}"

    def wait_for(self, count: int, *, seconds: float = 30) -> bool:
        """Wait until so many mails have come."""
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self.received) >= count, seconds)

    def ids(self) -> list[str]:
        """Return the Message-IDs of what has come."""
        return [str(mail.message["Message-ID"]) for mail in self.received]

    # What aiosmtpd calls, by these names.
    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.script.at_recipient and (said := self.script.at_recipient.pop(0)):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.script.at_data and (said := self.script.at_data.pop(0)):
            return said
        message = cast(EmailMessage, message_from_bytes(cast(bytes, envelope.content), policy=policy.default))
        with self._arrived:
            self.received.append(Received(envelope.mail_from or "", list(envelope.rcpt_tos), message))
            self._arrived.notify_all()
        if self.script.after_data and (deed := self.script.after_data.pop(0)):
            if deed == "hang":
                await asyncio.get_running_loop().run_in_executor(None, self._release.wait, 60)
            cast(Any, server).transport.abort()
            await asyncio.sleep(0.05)
        return "250 OK"


class _Controller(Controller):
    def __init__(self, owner: MailServer, **options: Any) -> None:
        self._owner = owner
        super().__init__(owner, **options)

    def factory(self) -> SMTP:
        self._owner.connections += 1
        security = self._owner.security
        if security is None:
            return SMTP(self.handler)
        return SMTP(
            self.handler,
            tls_context=None if security.implicit else security.context,
            require_starttls=not security.implicit,
            # It says of implicit TLS that there is none.
            auth_require_tls=not security.implicit,
            auth_required=True,
            authenticator=security.admit,
        )
