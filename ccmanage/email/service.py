"""Put mails into the outbox, in the transaction of the deed that they tell of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.errors import FieldError
from ccmanage.core.ids import EMAIL, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.retaining import Taken
from ccmanage.core.tasks import Task
from ccmanage.email.catalogue import LANGUAGES, TEMPLATES
from ccmanage.email.errors import BadAddress, BodyForgotten, EmailNotFound, StillWaiting
from ccmanage.email.models import MAX_DEDUPE_KEY, Email, EmailState
from ccmanage.email.repository import WAITING, EmailRepository, Which
from ccmanage.email.rules import is_one_address, written_moment
from ccmanage.email.tasks import SendMail

_MAX_VALUE = 4_000
_CHUNK = 500
_LAG_MS = 30 * DAY


class Transaction(Protocol):
    """What the outbox needs of a transaction."""

    clock: Clock

    def enqueue(self, task: Task) -> None:
        """Send a message once the transaction is committed."""
        ...


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a mail: exactly one address, and how its owner reads."""

    address: str
    name: str = ""
    user_id: int = 0
    workspace_id: int = 0
    language: str = "en"
    zone: str = "UTC"

    def moment(self, instant: int) -> str:
        """Write an instant as this reader understands it."""
        return written_moment(instant, self.zone, self.language)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, decrypted. The address and the values are empty once they are forgotten."""

    row: Email
    address: str
    values: Mapping[str, str]
    error: str

    @property
    def has_body(self) -> bool:
        """Tell whether its text is still kept."""
        return bool(self.values)


class EmailService:
    """The outbox.

    scope.email.post(
        "accounts.verify",
        to=Recipient(address, name=..., user_id=..., language=..., zone=...),
        values={"link": link, "hours": "24"},
        dedupe_key=f"accounts.verify:{token_id}",
    )

    The same dedupe key a second time is the same mail: nothing happens. Values are exactly those that the template
    declares in `email/catalogue.py`.
    """

    def __init__(
        self,
        transaction: Transaction,
        repository: EmailRepository,
        ring: KeyRing,
        audit: AuditService,
        *,
        domain: str,
    ) -> None:
        self._transaction = transaction
        self._repository = repository
        self._ring = ring
        self._audit = audit
        self._domain = domain

    def post(self, template: str, *, to: Recipient, values: Mapping[str, str], dedupe_key: str) -> bytes:
        """Write a mail into the outbox; it leaves after the commit. Returns its outside number.

        Raises BadAddress. An address that refused mail before, or whose owner stopped such notifications, gets none;
        the row says so.
        """
        declared, key = TEMPLATES[template], dedupe_key.encode()
        if set(values) != set(declared.samples):
            raise ValueError(f"{template} takes {sorted(declared.samples)}, not {sorted(values)}")
        if not 0 < len(key) <= MAX_DEDUPE_KEY:
            raise ValueError(f"a dedupe key has 1 to {MAX_DEDUPE_KEY} bytes")
        if not is_one_address(to.address):
            sentence = "Enter exactly one mail address, such as ann@example.com."
            raise BadAddress(sentence, fields=[FieldError("/email", "email.invalid", sentence)])
        if (known := self._repository.by_dedupe_key(key)) is not None:
            return known.public_id
        return self._write(template, to, values, key).public_id

    def page(
        self,
        ask: PageRequest,
        *,
        states: tuple[EmailState, ...] | None = None,
        template: str | None = None,
        address: str | None = None,
    ) -> Page[Letter]:
        """Return mails, newest first: in some states, of one template, to exactly one address."""
        indexes = self.indexes(address) if address is not None else None
        return self._repository.page_of_emails(ask, Which(states, template, indexes)).map(self.opened)

    def get(self, public_id: bytes) -> Letter:
        """Return a mail; raises EmailNotFound."""
        return self.opened(self._found(self._repository.by_public_id(public_id)))

    def send_again(self, public_id: bytes) -> Letter:
        """Send a mail another time, as the same message; raises EmailNotFound, StillWaiting, BodyForgotten.

        An address that was suppressed is trusted again: whoever asks has looked.
        """
        row = self._found(self._repository.by_public_id(public_id))
        row = self._found(self._repository.lock(row.id))
        if row.state in WAITING:
            raise StillWaiting
        if not row.values_sealed:
            raise BodyForgotten
        now = self._transaction.clock.now_ms()
        before = EmailState(row.state).name.lower()
        trusted = self._repository.trust([row.address_index])
        row.state, row.next_attempt_at, row.updated_at = EmailState.PENDING, now, now
        row.error_code, row.error_sealed = "", b""
        row.waiting_since, row.sent_at = now, 0
        self._repository.session.flush()
        self._transaction.enqueue(SendMail())
        subject = ("email", encode_id(EMAIL, row.public_id))
        self._audit.record(
            "emails.send_again",
            subject,
            workspace_id=row.workspace_id,
            before={"state": before},
            after={"state": "pending", "template": row.template, "address_trusted_again": trusted},
        )
        return self.opened(row)

    def stop(self, address_index: bytes, template: str) -> None:
        """Send no more notifications of a kind to an address."""
        if template in TEMPLATES and TEMPLATES[template].is_notification:
            self._repository.opt_out(address_index, template, self._transaction.clock.now_ms())

    def want(self, address: str, template: str, *, wanted: bool) -> None:
        """Let the owner of an address choose whether notifications of a kind come."""
        if wanted:
            self._repository.opt_in(self.indexes(address), template)
        else:
            self.stop(self.index(address), template)

    def stopped(self, address: str) -> list[str]:
        """Return the kinds of notifications that the owner of an address does not want."""
        return list(self._repository.opt_outs(self.indexes(address)))

    def letters_of(self, user_id: int, *, after: int = 0) -> list[Letter]:
        """Return up to 500 mails of a person, the oldest first, after an inside number."""
        return [self.opened(row) for row in self._repository.of_user(user_id, _CHUNK, after)]

    def erase_person(self, user_id: int, address: str) -> int:
        """Cancel what waits for a person and forget every address and text of theirs; returns how many mails."""
        indexes, forgotten, after = self.indexes(address), 0, 0
        self._repository.cancel_of(user_id, indexes, self._transaction.clock.now_ms())
        while rows := self._repository.of_user(user_id, _CHUNK, after):
            self._repository.forget_bodies([row.id for row in rows])
            forgotten, after = forgotten + len(rows), rows[-1].id
        # Such as an invitation from before there was an account.
        while rows := self._repository.of_address(indexes, _CHUNK):
            self._repository.forget_bodies([row.id for row in rows])
            forgotten += len(rows)
        self._repository.trust(indexes)
        for template in self._repository.opt_outs(indexes):
            self._repository.opt_in(indexes, template)
        return forgotten

    def forget_bodies(self, before: int, mark: int) -> Taken:
        """Forget texts and addresses of up to 500 mails from between the mark and an instant that no longer wait.

        The mark stays so far behind that what waits now has long been sent or given up when it is passed.
        """
        numbers = self._repository.with_body_between(mark, before, _CHUNK)
        self._repository.forget_bodies(numbers)
        more = len(numbers) == _CHUNK
        return Taken(len(numbers), mark if more else max(mark, before - _LAG_MS), more)

    def forget(self, before: int, mark: int) -> Taken:
        """Delete up to 500 mails older than an instant that no longer wait."""
        gone = self._repository.delete_before(before, _CHUNK)
        return Taken(gone, mark, more=gone == _CHUNK)

    def index(self, address: str) -> bytes:
        """Return the keyed digest under which mails to an address are kept."""
        return self._ring.blind_index(address.strip().lower(), "emails.address")

    def indexes(self, address: str) -> Sequence[bytes]:
        """Return the keyed digests by which mails to an address may be found."""
        return self._ring.blind_indexes(address.strip().lower(), "emails.address")

    def opened(self, row: Email) -> Letter:
        """Decrypt a row."""
        place = row.public_id.hex()
        values: dict[str, Any] = {}
        if row.values_sealed:
            values = json.loads(self._ring.decrypt(row.values_sealed, f"emails.values:{place}"))
        address = self._ring.decrypt(row.address_sealed, f"emails.address:{place}") if row.address_sealed else ""
        error = self._ring.decrypt(row.error_sealed, f"emails.error:{place}") if row.error_sealed else ""
        return Letter(row, address, values, error)

    def _write(self, template: str, to: Recipient, values: Mapping[str, str], key: bytes) -> Email:
        index, now = self.index(to.address), self._transaction.clock.now_ms()
        state, code = self._state_for(self.indexes(to.address), template)
        kept = {"name": to.name, **values}
        public_id = new_id()
        row = self._repository.add(
            Email(
                public_id=public_id,
                dedupe_key=key,
                template=template,
                template_version=0,
                language=to.language if to.language in LANGUAGES else LANGUAGES[0],
                zone=to.zone,
                user_id=to.user_id,
                workspace_id=to.workspace_id,
                address_sealed=self._ring.encrypt(to.address, f"emails.address:{public_id.hex()}"),
                address_index=index,
                values_sealed=self._ring.encrypt(
                    json.dumps({name: value[:_MAX_VALUE] for name, value in kept.items()}, ensure_ascii=False),
                    f"emails.values:{public_id.hex()}",
                ),
                message_id=f"<{public_id.hex()}@{self._domain}>",
                state=state,
                tries=0,
                next_attempt_at=now,
                error_code=code,
                error_sealed=b"",
                created_at=now,
                waiting_since=now,
                updated_at=now,
                sent_at=0,
            )
        )
        if state is EmailState.PENDING:
            self._transaction.enqueue(SendMail())
        return row

    def _state_for(self, indexes: Sequence[bytes], template: str) -> tuple[EmailState, str]:
        if (refused := self._repository.suppression(indexes)) is not None:
            return EmailState.SUPPRESSED, refused.error_code
        if TEMPLATES[template].is_notification and self._repository.opted_out(indexes, template):
            return EmailState.SUPPRESSED, "opted_out"
        return EmailState.PENDING, ""

    @staticmethod
    def _found(row: Email | None) -> Email:
        if row is None:
            raise EmailNotFound
        return row
