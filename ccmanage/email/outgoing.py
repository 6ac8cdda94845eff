"""Mails on their way: who has claimed them, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from ccmanage.core.clock import DAY, Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.logging import get_logger
from ccmanage.email.models import Email, EmailState, EmailSuppression
from ccmanage.email.repository import EmailRepository, TemplateRepository
from ccmanage.email.rules import GIVE_UP_MS, delay_ms, outage_delay_ms
from ccmanage.email.service import EmailService, Letter
from ccmanage.email.settings import FOOTER, FROM_NAME
from ccmanage.email.transport import Delivery, Verdict
from ccmanage.settings.service import SettingService

log = get_logger(__name__)

_MAX_ERROR = 400
_DONE = {
    Verdict.SENT: EmailState.SENT,
    Verdict.KEPT: EmailState.KEPT,
    Verdict.REFUSED: EmailState.FAILED,
    Verdict.NO_SUCH_ADDRESS: EmailState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that this process may send, with the template and the settings that hold now."""

    letter: Letter
    tries: int
    # Empty, version 0 = the shipped one.
    source: str
    version: int
    brand: str
    footer: str


@dataclass(frozen=True, slots=True)
class Figures:
    """How mail goes: what waits and for how long, what was sent and what failed within a day."""

    waiting: int
    oldest_ms: int
    sent: int
    failed: int


class OutgoingService:
    """Claims mails and says how they went."""

    def __init__(
        self,
        repository: EmailRepository,
        templates: TemplateRepository,
        emails: EmailService,
        settings: SettingService,
        ring: KeyRing,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._templates = templates
        self._emails = emails
        self._settings = settings
        self._ring = ring
        self._clock = clock

    def figures(self) -> Figures:
        """Count what waits, and what the last day's tries came to."""
        now = self._clock.now_ms()
        waiting, oldest = self._repository.waiting()
        ended = self._repository.ended_since(now - DAY)
        age = max(0, now - oldest) if waiting else 0
        return Figures(waiting, age, ended.get(EmailState.SENT, 0), ended.get(EmailState.FAILED, 0))

    def claim(self, count: int, lease_ms: int) -> Sequence[Claimed]:
        """Take up to so many mails that are due; nobody else sends them until the lease runs out."""
        now = self._clock.now_ms()
        rows = [
            row
            for number in self._repository.due(now, count)
            if (row := self._repository.claim(number, now, now + lease_ms)) is not None
        ]
        return [self._claimed(row) for row in rows]

    def give_back(self, claimed: Sequence[Claimed]) -> None:
        """Let others send what was claimed and not tried."""
        now = self._clock.now_ms()
        for mail in claimed:
            values: dict[str, object] = {"state": EmailState.PENDING, "next_attempt_at": now, "updated_at": now}
            self._repository.move(mail.letter.row.id, mail.tries, values)

    def mark(self, mail: Claimed, delivery: Delivery, *, failures: int, is_broken: bool) -> None:
        """Say what became of a try. It is no news if somebody else has claimed the mail since."""
        row, now = mail.letter.row, self._clock.now_ms()
        if is_broken:
            self._templates.mark_broken(row.template, row.language, mail.version, now)
        values: dict[str, object] = {
            "updated_at": now,
            "template_version": 0 if is_broken else mail.version,
            "error_code": delivery.code[:40],
            "error_sealed": self._sealed(row, delivery.text),
        }
        state = self._state(mail, delivery, now)
        if state is EmailState.PENDING:
            outage = delivery.verdict is Verdict.DOWN
            pause = outage_delay_ms(failures, row.id) if outage else delay_ms(mail.tries, row.id)
            values |= {"next_attempt_at": now + pause}
        if state in (EmailState.SENT, EmailState.KEPT):
            values |= {"sent_at": now}
        if not self._repository.move(row.id, mail.tries, {**values, "state": state}):
            log.info("mail_moved_on", email_id=row.id)
            return
        if state is EmailState.FAILED:
            log.warning("mail_failed", email_id=row.id, template=row.template, code=delivery.code)
        if delivery.verdict is Verdict.NO_SUCH_ADDRESS:
            self._repository.suppress(
                EmailSuppression(
                    address_index=row.address_index, error_code=delivery.code[:40], email_id=row.id, at=now
                )
            )

    def _state(self, mail: Claimed, delivery: Delivery, now: int) -> EmailState:
        if delivery.verdict in _DONE:
            return _DONE[delivery.verdict]
        # While the server is away a mail waits as long as it takes; what it puts off again and again fails in a day.
        gave_up = delivery.verdict is Verdict.LATER and now - mail.letter.row.waiting_since >= GIVE_UP_MS
        return EmailState.FAILED if gave_up else EmailState.PENDING

    def _claimed(self, row: Email) -> Claimed:
        edited = self._templates.current(row.template, row.language)
        return Claimed(
            letter=self._emails.opened(row),
            tries=row.tries,
            source=edited.source.decode() if edited else "",
            version=edited.version if edited and edited.source else 0,
            brand=self._settings.get(FROM_NAME),
            footer=self._settings.get(FOOTER),
        )

    def _sealed(self, row: Email, text: str) -> bytes:
        words = " ".join(text.split())[:_MAX_ERROR]
        while len(words.encode()) > _MAX_ERROR * 2:
            words = words[: len(words) // 2]
        return self._ring.encrypt(words, f"emails.error:{row.public_id.hex()}") if words else b""
