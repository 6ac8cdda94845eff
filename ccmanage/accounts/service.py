"""Use cases around people: create, find, change, suspend."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ccmanage.accounts import rules
from ccmanage.accounts.errors import EmailTaken, LastAdmin, UserNotFound
from ccmanage.accounts.models import Role, User, UserState
from ccmanage.accounts.repository import AccountRepository, SessionRepository
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.errors import FieldError, InvalidInput, invalid
from ccmanage.core.ids import USER, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.text import clean_name


class Above(Protocol):
    """What stands above people and must act in the same transaction; the composition root passes it in."""

    def open_personal_workspace(self, user_id: int) -> None:
        """Open the workspace that every new person gets."""
        ...

    def revoke_keys_of(self, user_id: int) -> int:
        """Revoke every key that the person made; returns how many."""
        ...


@dataclass(frozen=True, slots=True)
class Account:
    """A person, decrypted."""

    id: int
    public_id: bytes
    email: str
    name: str
    role: Role
    state: UserState
    locale: str
    time_zone: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in needs to know of a person, usable outside the transaction that read it."""

    user_id: int
    public_id: bytes
    email: str
    name: str
    password_hash: str | None
    is_active: bool
    is_admin: bool


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Who shall be created. The password is hashed before a transaction opens: that takes long."""

    email: str
    name: str
    password_hash: str | None
    role: Role = Role.USER
    locale: str = "en"
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What a person changes about themself; None leaves a field as it is."""

    name: str | None = None
    locale: str | None = None
    time_zone: str | None = None


class AccountService:
    """People of the installation."""

    def __init__(
        self,
        repository: AccountRepository,
        sessions: SessionRepository,
        ring: KeyRing,
        clock: Clock,
        audit: AuditService,
        above: Above,
    ) -> None:
        self._repository = repository
        self._sessions = sessions
        self._ring = ring
        self._clock = clock
        self._audit = audit
        self._above = above

    def create(self, new: NewAccount) -> Account:
        """Create a person with a personal workspace; raises InvalidInput and EmailTaken."""
        email = rules.normalise_email(new.email)
        if email is None:
            raise invalid("/email", "email.invalid", "Enter one email address, such as ann@example.com.")
        name = clean_name(new.name)
        self._check(ProfileChange(locale=new.locale, time_zone=new.time_zone))
        index = self._index(email)
        if self._repository.by_email_index(index) is not None:
            raise EmailTaken
        public_id, now = new_id(), self._clock.now_ms()
        user = self._repository.add(
            User(
                public_id=public_id,
                email_sealed=self._ring.encrypt(email, f"users.email:{public_id.hex()}"),
                email_index=index,
                name_sealed=self._ring.encrypt(name, f"users.name:{public_id.hex()}"),
                password_hash=new.password_hash,
                role=new.role,
                state=UserState.ACTIVE,
                locale=new.locale,
                time_zone=new.time_zone,
                email_verified_at=None,
                created_at=now,
                updated_at=now,
            )
        )
        self._above.open_personal_workspace(user.id)
        self._audit.record(
            "accounts.create_user",
            ("user", encode_id(USER, public_id)),
            after={"email": email, "name": name, "role": new.role.name.lower()},
        )
        return self.opened(user)

    def get(self, public_id: bytes) -> Account:
        """Return a person; raises UserNotFound."""
        return self.opened(self._found(self._repository.by_public_id(public_id)))

    def by_number(self, user_id: int) -> Account:
        """Return a person by the inside number; raises UserNotFound."""
        return self.opened(self._found(self._repository.get(user_id)))

    def find_by_email(self, email: str) -> Account | None:
        """Find a person by the exact address."""
        user = self._by_email(email)
        return None if user is None else self.opened(user)

    def find_credentials(self, email: str) -> Credentials | None:
        """Find what is needed to sign a person in by the exact address."""
        user = self._by_email(email)
        return None if user is None else self._credentials(user)

    def credentials(self, user_id: int) -> Credentials:
        """Return what is needed to check a person's password; raises UserNotFound."""
        return self._credentials(self._found(self._repository.get(user_id)))

    def page(self, ask: PageRequest) -> Page[Account]:
        """Return people, newest first."""
        return self._repository.page_of_users(ask).map(self.opened)

    def named(self, user_ids: Iterable[int]) -> dict[int, Account]:
        """Return the people with these numbers, with one query for all."""
        return {user.id: self.opened(user) for user in self._repository.many(user_ids)}

    def admin_numbers(self) -> list[int]:
        """Return the numbers of the administrators who may sign in."""
        return self._repository.admin_numbers()

    def count(self) -> int:
        """Count all people."""
        return self._repository.count()

    def update_profile(self, user_id: int, change: ProfileChange) -> Account:
        """Change what is given; raises InvalidInput."""
        user = self._found(self._repository.lock(user_id))
        self._check(change)
        before = self.opened(user)
        if change.name is not None:
            name = clean_name(change.name)
            user.name_sealed = self._ring.encrypt(name, f"users.name:{user.public_id.hex()}")
        user.locale = change.locale or user.locale
        user.time_zone = change.time_zone or user.time_zone
        user.updated_at = self._clock.now_ms()
        after = self.opened(user)
        if after != before:
            self._record("accounts.update_profile", user, before=_profile(before), after=_profile(after))
        return after

    def suspend(self, public_id: bytes, *, reason: str) -> Account:
        """Keep a person out: sessions end, keys that they made are revoked. Raises LastAdmin."""
        user = self._locked(public_id)
        if user.state != UserState.SUSPENDED:
            if user.role == Role.ADMIN and not self._repository.other_active_admins(user.id):
                raise LastAdmin
            user.state = UserState.SUSPENDED
            user.updated_at = self._clock.now_ms()
            ended = self._sessions.end_all_of(user.id, self._clock.now_ms())
            revoked = self._above.revoke_keys_of(user.id)
            after = {"sessions_ended": ended, "keys_revoked": revoked}
            self._record("accounts.suspend_user", user, after=after, reason=reason)
        return self.opened(user)

    def reactivate(self, public_id: bytes) -> Account:
        """Let a suspended person sign in again. Revoked keys stay revoked."""
        user = self._locked(public_id)
        if user.state != UserState.ACTIVE:
            user.state = UserState.ACTIVE
            user.updated_at = self._clock.now_ms()
            self._record("accounts.reactivate_user", user)
        return self.opened(user)

    def set_password(self, user_id: int, password_hash: str, *, keep_session: int = 0) -> None:
        """Store the hash of a new password and end the person's other sessions."""
        user = self._found(self._repository.lock(user_id))
        user.password_hash = password_hash
        user.updated_at = self._clock.now_ms()
        ended = self._sessions.end_all_of(user.id, self._clock.now_ms(), keep=keep_session)
        self._record("accounts.change_password", user, after={"sessions_ended": ended})

    def replace_hash(self, user_id: int, password_hash: str) -> None:
        """Store a stronger hash of the same password."""
        self._found(self._repository.lock(user_id)).password_hash = password_hash

    def opened(self, user: User) -> Account:
        """Decrypt a row."""
        place = user.public_id.hex()
        return Account(
            id=user.id,
            public_id=user.public_id,
            email=self._ring.decrypt(user.email_sealed, f"users.email:{place}"),
            name=self._ring.decrypt(user.name_sealed, f"users.name:{place}"),
            role=Role(user.role),
            state=UserState(user.state),
            locale=user.locale,
            time_zone=user.time_zone,
            created_at=user.created_at,
        )

    def _credentials(self, user: User) -> Credentials:
        return Credentials(
            user_id=user.id,
            public_id=user.public_id,
            email=self._ring.decrypt(user.email_sealed, f"users.email:{user.public_id.hex()}"),
            name=self._ring.decrypt(user.name_sealed, f"users.name:{user.public_id.hex()}"),
            password_hash=user.password_hash,
            is_active=user.state == UserState.ACTIVE,
            is_admin=user.role == Role.ADMIN,
        )

    def _by_email(self, email: str) -> User | None:
        normal = rules.normalise_email(email)
        return None if normal is None else self._repository.by_email_index(self._index(normal))

    def _index(self, email: str) -> bytes:
        return self._ring.blind_index(email, "users.email")

    def _locked(self, public_id: bytes) -> User:
        user = self._found(self._repository.by_public_id(public_id))
        return self._found(self._repository.lock(user.id))

    @staticmethod
    def _found(user: User | None) -> User:
        if user is None:
            raise UserNotFound
        return user

    @staticmethod
    def _check(change: ProfileChange) -> None:
        faults = []
        if change.locale is not None and change.locale not in rules.LOCALES:
            faults.append(FieldError("/locale", "locale.unknown", f"Use one of: {', '.join(rules.LOCALES)}."))
        if change.time_zone is not None and not rules.is_time_zone(change.time_zone):
            faults.append(FieldError("/time_zone", "time_zone.unknown", "Use an IANA name such as Europe/Berlin."))
        if faults:
            raise InvalidInput("Some fields are not right.", fields=faults)

    def _record(
        self,
        action: str,
        user: User,
        *,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        reason: str | None = None,
    ) -> None:
        subject = ("user", encode_id(USER, user.public_id))
        self._audit.record(action, subject, before=before, after=after, reason=reason)


def _profile(account: Account) -> dict[str, object]:
    return {"name": account.name, "locale": account.locale, "time_zone": account.time_zone}
