"""Queries of mail."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, select, update

from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.core.sql import IN_LIST, chunks
from ccmanage.email.models import Email, EmailOptOut, EmailState, EmailSuppression, EmailTemplateVersion

WAITING = (EmailState.PENDING, EmailState.SENDING)


@dataclass(frozen=True, slots=True)
class Which:
    """Which mails are looked for; None does not matter."""

    states: tuple[EmailState, ...] | None = None
    template: str | None = None
    address_indexes: Sequence[bytes] | None = None
    user_id: int | None = None


class EmailRepository(Repository[Email]):
    """The outbox."""

    model = Email

    def by_dedupe_key(self, key: bytes) -> Email | None:
        """Find the mail that exists for a reason."""
        return self.one(select(Email).where(Email.dedupe_key == key))

    def page_of_emails(self, ask: PageRequest, which: Which) -> Page[Email]:
        """Return mails, newest first."""
        return self.page(_narrowed(select(Email), which), ask, Email.id)

    def due(self, now: int, limit: int) -> Sequence[int]:
        """Return the numbers of mails that can be tried now, the longest waiting first."""
        statement = (
            select(Email.id, Email.next_attempt_at)
            .where(Email.state.in_(WAITING), Email.next_attempt_at <= now)
            .order_by(Email.next_attempt_at, Email.id)
            .limit(limit)
        )
        return [number for number, _ in self.session.execute(statement)]

    def claim(self, number: int, now: int, until: int) -> Email | None:
        """Take a mail for oneself until an instant; None if another has it."""
        claimed = self.session.execute(
            update(Email)
            .where(Email.id == number, Email.state.in_(WAITING), Email.next_attempt_at <= now)
            .values(state=EmailState.SENDING, next_attempt_at=until, tries=Email.tries + 1, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        if not claimed.rowcount:  # type: ignore[attr-defined]
            return None
        return self.session.get(Email, number, populate_existing=True)

    def move(self, number: int, tries: int, values: dict[str, object]) -> bool:
        """Say how a try went; False if somebody else has claimed the mail since, or it was cancelled."""
        moved = self.session.execute(
            update(Email)
            .where(Email.id == number, Email.state == EmailState.SENDING, Email.tries == tries)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        return bool(moved.rowcount)  # type: ignore[attr-defined]

    def waiting(self) -> tuple[int, int]:
        """Return how many mails wait, and since when the oldest does (0 if none)."""
        statement = select(func.count(), func.min(Email.waiting_since)).where(Email.state.in_(WAITING))
        count, oldest = self.session.execute(statement).one()
        return int(count), int(oldest or 0)

    def ended_since(self, at: int) -> dict[int, int]:
        """Count the mails whose claim ran out after an instant, by how they ended.

        A claim's end stays in the row of a mail that is done, and has an index; the time of the mark has none.
        """
        ended = (EmailState.SENT, EmailState.FAILED)
        statement = (
            select(Email.state, func.count())
            .where(Email.state.in_(ended), Email.next_attempt_at >= at)
            .group_by(Email.state)
        )
        return {int(state): int(count) for state, count in self.session.execute(statement)}

    def suppression(self, address_indexes: Sequence[bytes]) -> EmailSuppression | None:
        """Find out whether an address refuses mail, and why."""
        statement = select(EmailSuppression).where(EmailSuppression.address_index.in_(address_indexes)).limit(1)
        return self.session.scalars(statement).one_or_none()

    def suppress(self, row: EmailSuppression) -> None:
        """Send nothing to an address any more."""
        if self.suppression([row.address_index]) is None:
            self.session.add(row)
            self.session.flush()

    def trust(self, address_indexes: Sequence[bytes]) -> bool:
        """Send to an address again; False if it was not suppressed."""
        gone = self.session.execute(delete(EmailSuppression).where(EmailSuppression.address_index.in_(address_indexes)))
        return bool(gone.rowcount)  # type: ignore[attr-defined]

    def opted_out(self, address_indexes: Sequence[bytes], template: str) -> bool:
        """Tell whether the owner of an address wants no such mails."""
        return template in self.opt_outs(address_indexes)

    def opt_outs(self, address_indexes: Sequence[bytes]) -> Sequence[str]:
        """Return the kinds of mail that the owner of an address does not want."""
        statement = select(EmailOptOut.template).distinct().where(EmailOptOut.address_index.in_(address_indexes))
        return self.session.scalars(statement.order_by(EmailOptOut.template)).all()

    def opt_out(self, address_index: bytes, template: str, now: int) -> None:
        """Note that the owner of an address wants no such mails."""
        if not self.opted_out([address_index], template):
            self.session.add(EmailOptOut(address_index=address_index, template=template, at=now))
            self.session.flush()

    def opt_in(self, address_indexes: Sequence[bytes], template: str) -> None:
        """Note that the owner of an address wants such mails again."""
        self.session.execute(
            delete(EmailOptOut).where(EmailOptOut.address_index.in_(address_indexes), EmailOptOut.template == template)
        )

    def of_address(self, address_indexes: Sequence[bytes], limit: int) -> Sequence[Email]:
        """Return mails to an address."""
        return self.session.scalars(select(Email).where(Email.address_index.in_(address_indexes)).limit(limit)).all()

    def of_user(self, user_id: int, limit: int, after: int = 0) -> Sequence[Email]:
        """Return mails of a person, the oldest first."""
        statement = select(Email).where(Email.user_id == user_id, Email.id > after)
        return self.session.scalars(statement.order_by(Email.id).limit(limit)).all()

    def forget_bodies(self, numbers: Sequence[int]) -> None:
        """Forget addresses and values of mails."""
        for part in chunks(numbers, IN_LIST):
            self.session.execute(
                update(Email)
                .where(Email.id.in_(part))
                .values(address_sealed=b"", values_sealed=b"", error_sealed=b"", address_index=b"\0" * 32)
                .execution_options(synchronize_session=False)
            )

    def with_body_between(self, since: int, before: int, limit: int) -> Sequence[int]:
        """Return numbers of old mails whose text is still kept and that no longer wait."""
        statement = select(Email.id).where(
            Email.created_at >= since,
            Email.created_at < before,
            Email.values_sealed != b"",
            Email.state.not_in(WAITING),
        )
        return self.session.scalars(statement.order_by(Email.created_at).limit(limit)).all()

    def delete_before(self, before: int, limit: int) -> int:
        """Delete old mails that no longer wait; returns how many."""
        statement = select(Email.id).where(Email.created_at < before, Email.state.not_in(WAITING))
        numbers = self.session.scalars(statement.order_by(Email.created_at).limit(limit)).all()
        for part in chunks(numbers, IN_LIST):
            self.session.execute(delete(Email).where(Email.id.in_(part)))
        return len(numbers)

    def cancel_of(self, user_id: int, address_indexes: Sequence[bytes], now: int) -> int:
        """Cancel what still waits for a person, or for their address; returns how many."""
        gone = self.session.execute(
            update(Email)
            .where((Email.user_id == user_id) | Email.address_index.in_(address_indexes), Email.state.in_(WAITING))
            .values(state=EmailState.CANCELLED, updated_at=now)
            .execution_options(synchronize_session=False)
        )
        return int(gone.rowcount)  # type: ignore[attr-defined]


def _narrowed(statement: Select[Email], which: Which) -> Select[Email]:
    if which.states is not None:
        statement = statement.where(Email.state.in_(which.states))
    if which.template is not None:
        statement = statement.where(Email.template == which.template)
    if which.address_indexes is not None:
        statement = statement.where(Email.address_index.in_(which.address_indexes))
    if which.user_id is not None:
        statement = statement.where(Email.user_id == which.user_id)
    return statement


class TemplateRepository(Repository[EmailTemplateVersion]):
    """Templates as administrators wrote them."""

    model = EmailTemplateVersion

    def current(self, template: str, language: str) -> EmailTemplateVersion | None:
        """Return the newest version in a language; its source is empty where the shipped one holds again."""
        return self.session.scalars(self._newest(template, language).limit(1)).one_or_none()

    def history(self, template: str, language: str, limit: int) -> Sequence[EmailTemplateVersion]:
        """Return versions in a language, the newest first."""
        return self.session.scalars(self._newest(template, language).limit(limit)).all()

    def currents(self) -> dict[tuple[str, str], EmailTemplateVersion]:
        """Return the newest version of every template that was ever edited."""
        newest = select(func.max(EmailTemplateVersion.id)).group_by(
            EmailTemplateVersion.template, EmailTemplateVersion.language
        )
        rows = self.session.scalars(select(EmailTemplateVersion).where(EmailTemplateVersion.id.in_(newest)))
        return {(row.template, row.language): row for row in rows}

    def mark_broken(self, template: str, language: str, version: int, now: int) -> None:
        """Note that a version could not be used."""
        self.session.execute(
            update(EmailTemplateVersion)
            .where(
                EmailTemplateVersion.template == template,
                EmailTemplateVersion.language == language,
                EmailTemplateVersion.version == version,
                EmailTemplateVersion.broken_at == 0,
            )
            .values(broken_at=now)
            .execution_options(synchronize_session=False)
        )

    @staticmethod
    def _newest(template: str, language: str) -> Select[EmailTemplateVersion]:
        return (
            select(EmailTemplateVersion)
            .where(EmailTemplateVersion.template == template, EmailTemplateVersion.language == language)
            .order_by(EmailTemplateVersion.version.desc())
        )
