"""Send what waits in the outbox: claim, hand over, mark. No transaction is open while a mail server is spoken to.

A process that dies between the server's yes and the mark leaves a claim that runs out: the mail is sent once more,
under the same Message-ID.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from ccmanage.core.clock import MINUTE, SECOND, Clock
from ccmanage.core.failpoints import failpoint
from ccmanage.core.logging import get_logger
from ccmanage.core.uow import with_retries
from ccmanage.email.catalogue import TEMPLATES
from ccmanage.email.layout import Frame
from ccmanage.email.outgoing import Claimed, OutgoingService
from ccmanage.email.press import Envelope, print_or_fall_back, to_message
from ccmanage.email.rules import is_one_address
from ccmanage.email.stopping import StopLinks
from ccmanage.email.transport import Delivery, Transport, Verdict

log = get_logger(__name__)

CHUNK: Final = 20
LEASE_MS: Final = 5 * MINUTE
# A claim is given back well before it runs out.
_LONGEST_SECONDS: Final = LEASE_MS / SECOND / 2
_LONGEST_PAUSE_SECONDS: Final = 30.0


class SendingScope(Protocol):
    """What sending needs of a transaction."""

    @property
    def outgoing(self) -> OutgoingService:
        """Mails on their way."""
        ...


OpenScope = Callable[[], AbstractContextManager[SendingScope]]


@dataclass(frozen=True, slots=True)
class MailSender:
    """Who sends: the address, and where the portal is."""

    address: str
    portal: str


class Mailer:
    """The process's mailer. Safe to call from any thread: one works, the others return at once."""

    def __init__(
        self, open_scope: OpenScope, transport: Transport | None, sender: MailSender, links: StopLinks, clock: Clock
    ) -> None:
        self._open_scope = open_scope
        self._transport = transport
        self._sender = sender
        self._links = links
        self._clock = clock
        self._busy = threading.Lock()
        self._failures = 0
        self._quiet_until = 0.0

    def run(self, *, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Send until nothing is due or one is told to stop; tells whether something may still be due.

        While the server is away one mail is tried now and then, after a growing pause.
        """
        if self._transport is None or not self._busy.acquire(blocking=False):
            return False
        try:
            while not should_stop() and time.monotonic() >= self._quiet_until:
                claimed = self._claim(1 if self._failures else CHUNK)
                if not claimed:
                    return False
                if not self._send_all(self._transport, claimed, should_stop):
                    return False
            return should_stop()
        finally:
            self._busy.release()

    def close(self) -> None:
        """Let go of the connection."""
        if self._transport is not None:
            self._transport.close()

    def _claim(self, count: int) -> Sequence[Claimed]:
        def once() -> Sequence[Claimed]:
            with self._open_scope() as scope:
                return scope.outgoing.claim(count, LEASE_MS)

        return with_retries(once, repeatable=True)

    def _send_all(self, transport: Transport, claimed: Sequence[Claimed], should_stop: Callable[[], bool]) -> bool:
        """Send what was claimed; False if the server cannot be used for now."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        for place, mail in enumerate(claimed):
            if should_stop() or time.monotonic() > deadline:
                self._give_back(claimed[place:])
                return True
            delivery = self._send(transport, mail)
            if delivery.verdict is Verdict.DOWN:
                self._failures += 1
                pause = min(_LONGEST_PAUSE_SECONDS, 2.0 ** min(self._failures, 6))
                self._quiet_until = time.monotonic() + pause
                log.warning("mail_server_down", code=delivery.code, failures=self._failures, pause_seconds=pause)
                self._give_back(claimed[place + 1 :])
                return False
            self._failures = 0
        return True

    def _send(self, transport: Transport, mail: Claimed) -> Delivery:
        letter = mail.letter
        token = self._links.token(letter.row.address_index, letter.row.template)
        stops = TEMPLATES[letter.row.template].is_notification
        frame = Frame(
            brand=mail.brand,
            portal=self._sender.portal,
            language=letter.row.language,
            footer=mail.footer,
            stop_url=self._links.page(token) if stops else "",
        )
        printed = print_or_fall_back(letter.row.template, mail.source, letter.values, frame)
        if printed.broken:
            log.error("mail_template_broken", template=letter.row.template, language=letter.row.language)
        if is_one_address(letter.address):
            envelope = Envelope(
                sender=self._sender.address,
                sender_name=mail.brand,
                recipient=letter.address,
                message_id=letter.row.message_id,
                at=letter.row.created_at,
                stop_url=self._links.one_click(token) if stops else "",
            )
            message = to_message(printed, envelope)
            delivery = transport.deliver(message, sender=self._sender.address, recipient=letter.address)
        else:
            delivery = Delivery(Verdict.REFUSED, "bad_address")
        failpoint("email.before_mark")
        self._mark(mail, delivery, is_broken=bool(printed.broken))
        return delivery

    def _mark(self, mail: Claimed, delivery: Delivery, *, is_broken: bool) -> None:
        def once() -> None:
            with self._open_scope() as scope:
                scope.outgoing.mark(mail, delivery, failures=self._failures + 1, is_broken=is_broken)

        with_retries(once, repeatable=True)

    def _give_back(self, claimed: Sequence[Claimed]) -> None:
        def once() -> None:
            with self._open_scope() as scope:
                scope.outgoing.give_back(claimed)

        if claimed:
            with_retries(once, repeatable=True)
