"""One person's list of what happened, and how they want to be written to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ccmanage.accounts.values import Account
from ccmanage.core.clock import Clock
from ccmanage.core.errors import FieldError, InvalidInput
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.notifications import rules
from ccmanage.notifications.errors import NotificationNotFound
from ccmanage.notifications.models import DigestKind, Happening, MailState, Notification, Preference
from ccmanage.notifications.repository import HappeningRepository, NotificationRepository
from ccmanage.notifications.telling import manners_of

MAX_UNREAD: Final = 100
_MINUTES: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list."""

    row: Notification
    happening: Happening


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a person wants to be written to: minutes of the day in their own zone."""

    mails: bool = True
    quiet_from: int = 0
    quiet_to: int = 0
    digest: DigestKind = DigestKind.OFF
    digest_at: int = 9 * 60


class NotificationService:
    """Lists and wishes of people."""

    def __init__(self, repository: NotificationRepository, happenings: HappeningRepository, clock: Clock) -> None:
        self._repository = repository
        self._happenings = happenings
        self._clock = clock

    def page(self, user_id: int, ask: PageRequest, *, unread: bool = False) -> Page[Line]:
        """Return a person's list, newest first."""
        page = self._repository.page_of(user_id, ask, unread=unread)
        known = self._happenings.many([row.happening_id for row in page.items])
        lines = [Line(row, known[row.happening_id]) for row in page.items if row.happening_id in known]
        return Page(lines, page.next_cursor)

    def unread(self, user_id: int) -> int:
        """Count what a person has not read: at most a hundred, which stands for many."""
        return self._repository.unread(user_id, MAX_UNREAD)

    def read(self, user_id: int, public_id: bytes) -> Line:
        """Mark one line as read; raises NotificationNotFound."""
        found = self._repository.by_public_id(public_id)
        if found is None or found.user_id != user_id:
            raise NotificationNotFound
        row = self._repository.lock(found.id)
        happening = self._happenings.get(found.happening_id)
        if row is None or happening is None:
            raise NotificationNotFound
        row.read_at = row.read_at or self._clock.now_ms()
        return Line(row, happening)

    def read_all(self, user_id: int) -> None:
        """Mark everything as read."""
        self._repository.read_all(user_id, self._clock.now_ms())

    def wishes(self, user_id: int) -> Wishes:
        """Return how a person wants to be written to."""
        row = self._repository.preference(user_id)
        if row is None:
            return Wishes()
        return Wishes(bool(row.mails), row.quiet_from, row.quiet_to, DigestKind(row.digest), row.digest_at)

    def wish(self, account: Account, wishes: Wishes) -> Wishes:
        """Keep how a person wants to be written to; mails that wait follow it. Raises InvalidInput."""
        _check(wishes)
        row = self._repository.preference(account.id)
        if row is None:
            row = self._repository.add_preference(_row(account.id, wishes))
        row.mails, row.quiet_from, row.quiet_to = int(wishes.mails), wishes.quiet_from, wishes.quiet_to
        row.digest, row.digest_at, row.updated_at = int(wishes.digest), wishes.digest_at, self._clock.now_ms()
        self._follow(self._repository.mails_waiting(account.id), account, row)
        return wishes

    def _follow(self, waiting: Sequence[Notification], account: Account, wish: Preference) -> None:
        manners, now = manners_of(account, wish), self._clock.now_ms()
        for row in waiting:
            row.mail_state = MailState.DUE if wish.mails else MailState.NONE
            row.mail_due_at = rules.mail_due_at(now, manners)


def _check(wishes: Wishes) -> None:
    sentence = "Choose a time of day."
    faults = [
        FieldError(f"/{name}", "time_of_day.invalid", sentence)
        for name in ("quiet_from", "quiet_to", "digest_at")
        if not 0 <= getattr(wishes, name) < _MINUTES
    ]
    if faults:
        raise InvalidInput("Some fields are not right.", fields=faults)


def _row(user_id: int, wishes: Wishes) -> Preference:
    return Preference(
        user_id=user_id,
        mails=int(wishes.mails),
        quiet_from=wishes.quiet_from,
        quiet_to=wishes.quiet_to,
        digest=int(wishes.digest),
        digest_at=wishes.digest_at,
        updated_at=0,
    )
