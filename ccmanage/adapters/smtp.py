"""SMTP by aiosmtplib: one connection that is kept for a while, on an event loop of its own.

    smtp+starttls://user:password@host:587    TLS is demanded before anything is said
    smtps://user:password@host:465            TLS from the start
    smtp://localhost:25                       in the clear: for a server on this host or in a private network

`?ca=/path/to/ca.pem` trusts an authority of one's own.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from ccmanage.email.transport import Delivery, Verdict

T = TypeVar("T")

# What connecting, signing in and sending may raise.
FAULTS: Final = (SMTPException, OSError, TimeoutError)

TIMEOUT_SECONDS: Final = 30.0
_IDLE_SECONDS: Final = 20.0
_MAILS_A_CONNECTION: Final = 100
_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_CLOSING: Final = 421


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """Where the mail server is, and how it is spoken to."""

    host: str
    port: int
    tls: bool
    starttls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authority: str | None = None

    @classmethod
    def read(cls, url: str) -> "SmtpAddress":
        """Read the setting; its form was checked when it was loaded."""
        parts = urlsplit(url)
        authority = parse_qs(parts.query).get("ca", [None])[0]
        return cls(
            host=parts.hostname or "localhost",
            port=parts.port or _PORTS[parts.scheme],
            tls=parts.scheme == "smtps",
            starttls=parts.scheme == "smtp+starttls",
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            authority=authority,
        )


class SmtpTransport:
    """A mail server. Safe to call from any thread; calls follow each other."""

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.address = SmtpAddress.read(url)
        self._timeout_seconds = timeout_seconds
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: SMTP | None = None
        self._used_at = 0.0
        self._carried = 0

    def deliver(self, message: EmailMessage, *, sender: str, recipient: str) -> Delivery:
        """Hand over one mail for exactly one recipient. Never raises."""
        with self._guard:
            return self._run(self._deliver(message, sender, recipient))

    def greet(self) -> str:
        """Connect, sign in, say goodbye; returns the server's greeting. Raises what goes wrong."""
        with self._guard:
            return self._run(self._greet())

    def close(self) -> None:
        """Let go of the connection and of the loop."""
        with self._guard:
            if self._loop is None:
                return
            self._run(self._hang_up())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _deliver(self, message: EmailMessage, sender: str, recipient: str) -> Delivery:
        try:
            # One bound for the whole conversation: a server that says a word now and then must not keep us.
            async with asyncio.timeout(self._timeout_seconds):
                client = await self._connected()
                await client.send_message(message, sender=sender, recipients=[recipient])
        except FAULTS as error:
            delivery = judge(error)
            if delivery.verdict is Verdict.DOWN:
                await self._drop()
            return delivery
        self._used_at, self._carried = time.monotonic(), self._carried + 1
        return Delivery(Verdict.SENT)

    async def _connected(self) -> SMTP:
        client = self._client
        stale = time.monotonic() - self._used_at > _IDLE_SECONDS or self._carried >= _MAILS_A_CONNECTION
        if client is not None and client.is_connected and not stale:
            return client
        await self._hang_up()
        self._client = client = self._made()
        await client.connect()
        self._used_at, self._carried = time.monotonic(), 0
        return client

    def _made(self) -> SMTP:
        address = self.address
        context = _trusting(address.authority) if address.tls or address.starttls else None
        return SMTP(
            hostname=address.host,
            port=address.port,
            username=address.username,
            password=address.password,
            timeout=self._timeout_seconds,
            use_tls=address.tls,
            start_tls=address.starttls,
            tls_context=context,
        )

    async def _greet(self) -> str:
        client = self._made()
        async with asyncio.timeout(self._timeout_seconds):
            response = await client.connect()
            await client.quit()
        return response.message.splitlines()[0][:120] if response.message else ""

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            try:
                async with asyncio.timeout(2):
                    await client.quit()
            except FAULTS:
                client.close()

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


class UnreadableAuthority(OSError):
    """The file of `?ca=` is not there, or holds no certificate."""


def _trusting(authority: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise UnreadableAuthority(f"The certificate authority {authority} cannot be read: {error}") from error


def judge(error: BaseException) -> Delivery:
    """Tell what an error means for the mail."""
    return _unspoken(error) or _said(error)


def _unspoken(error: BaseException) -> Delivery | None:
    """Judge what went wrong with TLS: nobody was told the password. It may be mended by the next try: mails wait."""
    if isinstance(error, UnreadableAuthority):
        return Delivery(Verdict.DOWN, "smtp_authority", str(error))
    fault = _tls_fault(error)
    if isinstance(fault, ssl.SSLCertVerificationError):
        return Delivery(Verdict.DOWN, "smtp_certificate", f"The certificate is not trusted: {fault.verify_message}")
    if fault is not None:
        return Delivery(Verdict.DOWN, "smtp_tls", f"TLS could not be agreed on: {fault.reason or fault}")
    return None


def _said(error: BaseException) -> Delivery:
    if isinstance(error, SMTPRecipientsRefused) and error.recipients:
        refused = error.recipients[0]
        return _answered(refused.code, refused.message, Verdict.NO_SUCH_ADDRESS)
    if isinstance(error, SMTPAuthenticationError):
        return Delivery(Verdict.DOWN, f"smtp_{error.code}", error.message)
    if isinstance(error, SMTPSenderRefused):
        # Our own address is refused: that is to be mended here, not the reader's fault.
        return _answered(error.code, error.message, Verdict.LATER)
    if isinstance(error, aiosmtplib.SMTPDataError):
        return _answered(error.code, error.message, Verdict.REFUSED)
    if isinstance(error, SMTPTimeoutError | TimeoutError):
        return Delivery(Verdict.DOWN, "smtp_timeout", str(error))
    if isinstance(error, SMTPServerDisconnected):
        return Delivery(Verdict.DOWN, "smtp_disconnected", str(error))
    if isinstance(error, SMTPResponseException):
        return Delivery(Verdict.DOWN, f"smtp_{error.code}", error.message)
    # A server that is there but lacks what was asked of it: STARTTLS, or a way to sign in.
    unfit = type(error) is SMTPException or isinstance(error, SMTPNotSupported)
    return Delivery(Verdict.DOWN, "smtp_unfit" if unfit else "smtp_unreachable", str(error))


def _tls_fault(error: BaseException | None) -> ssl.SSLError | None:
    """Find the fault of TLS that an error comes from: the client wraps what happens while it connects."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__
    return error


def _answered(code: int, text: str, final: Verdict) -> Delivery:
    if code == _CLOSING:
        return Delivery(Verdict.DOWN, f"smtp_{code}", text)
    return Delivery(final if code >= 500 else Verdict.LATER, f"smtp_{code}", text)
