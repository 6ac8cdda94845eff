"""The end of an account: shut first, emptied last. The row stays under its number: ledger and sums name it."""

import os

from ccmanage.accounts.errors import UserNotFound
from ccmanage.accounts.models import Role, User, UserState
from ccmanage.accounts.repository import AccountRepository, SessionRepository
from ccmanage.core.clock import Clock


class EndingService:
    """Shut and empty accounts. Who may ask for it, and when, is decided elsewhere."""

    def __init__(self, repository: AccountRepository, sessions: SessionRepository, clock: Clock) -> None:
        self._repository = repository
        self._sessions = sessions
        self._clock = clock

    def shut(self, user_id: int) -> None:
        """Let nobody in any more, and end what is open. A second time changes nothing."""
        user = self._locked(user_id)
        now = self._clock.now_ms()
        user.state, user.updated_at = UserState.ERASED, now
        self._sessions.end_all_of(user_id, now)

    def empty(self, user_id: int) -> None:
        """Take away who it was. Nobody's address has the digest that takes the place of the old one."""
        user = self._locked(user_id)
        user.email_sealed = user.name_sealed = b""
        user.email_index = os.urandom(32)
        user.password_hash = None
        user.email_verified_at = None
        user.role, user.locale, user.time_zone = Role.USER, "en", "UTC"
        user.updated_at = self._clock.now_ms()

    def number_of(self, public_id: bytes) -> int | None:
        """Return the inside number of an account, if it is there."""
        user = self._repository.by_public_id(public_id)
        return None if user is None else user.id

    def is_emptied(self, user_id: int) -> bool:
        """Tell whether nothing of the person is left in the account."""
        user = self._locked(user_id)
        return user.state == UserState.ERASED and not user.email_sealed

    def is_last_admin(self, user_id: int) -> bool:
        """Tell whether nobody could administer without this person."""
        user = self._locked(user_id)
        return user.role == Role.ADMIN and not self._repository.other_active_admins(user_id)

    def _locked(self, user_id: int) -> User:
        user = self._repository.lock(user_id)
        if user is None:
            raise UserNotFound
        return user
