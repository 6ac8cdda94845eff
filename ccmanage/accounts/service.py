"""Use cases around people: create, find, change, suspend."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ccmanage.accounts import rules
from ccmanage.accounts.errors import EmailTaken, LastAdmin, UserChanged, UserNotFound
from ccmanage.accounts.models import Role, User, UserState
from ccmanage.accounts.repository import AccountRepository, SessionRepository
from ccmanage.accounts.values import Account, Credentials, NewAccount, ProfileChange
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

    def hand_keys_of(self, user_id: int) -> tuple[int, int]:
        """Hand the person's keys to the owners of their workspaces; returns how many, and how many were revoked."""
        ...

    def tell_suspended(self, user_id: int, *, keys_handed: bool) -> None:
        """Tell a person by mail that they are kept out, and whether the keys that they made work on."""
        ...


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
        self.check(ProfileChange(locale=new.locale, time_zone=new.time_zone))
        if self._repository.by_email_index(self.indexes(email)) is not None:
            raise EmailTaken
        public_id, now = new_id(), self._clock.now_ms()
        user = self._repository.add(
            User(
                public_id=public_id,
                email_sealed=self._ring.encrypt(email, f"users.email:{public_id.hex()}"),
                email_index=self.index(email),
                domain_index=self._domain_index(email),
                name_sealed=self._ring.encrypt(name, f"users.name:{public_id.hex()}"),
                password_hash=new.password_hash,
                role=new.role,
                state=UserState.ACTIVE,
                locale=new.locale,
                time_zone=new.time_zone,
                email_verified_at=now if new.is_verified else None,
                created_at=now,
                updated_at=now,
            )
        )
        self._above.open_personal_workspace(user.id)
        self._audit.record(
            "accounts.create_user",
            ("user", encode_id(USER, public_id)),
            after={
                "email": email,
                "name": name,
                "role": new.role.name.lower(),
                "verified": new.is_verified,
            },
        )
        return self.opened(user)

    def get(self, public_id: bytes) -> Account:
        """Return a person; raises UserNotFound."""
        return self.opened(self._found(self._repository.by_public_id(public_id)))

    def find(self, public_id: bytes) -> Account | None:
        """Find a person."""
        user = self._repository.by_public_id(public_id)
        return None if user is None else self.opened(user)

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

    def page(self, ask: PageRequest, *, domain: str | None = None) -> Page[Account]:
        """Return people, newest first, or those whose address is at a domain."""
        name = None if domain is None else domain.strip().lstrip("@").lower()
        indexes = None if name is None else self._ring.blind_indexes(name, "users.domain")
        return self._repository.page_of_users(ask, domain_indexes=indexes).map(self.opened)

    def index_of(self, email: str) -> bytes:
        """Return the blind index under which a normalised address is kept."""
        return self.index(email)

    def indexes_of(self, email: str) -> Sequence[bytes]:
        """Return the blind indexes by which a normalised address may be found."""
        return self.indexes(email)

    def is_proven(self, user_id: int) -> bool:
        """Tell whether a person has shown that the mail address is theirs; raises UserNotFound."""
        return self._found(self._repository.get(user_id)).email_verified_at is not None

    def index_domains(self, limit: int) -> bool:
        """Make people found by domain who are not yet; tells whether more are left."""
        users = self._repository.without_domain(limit)
        for user in users:
            user.domain_index = self._domain_index(self.opened(user).email)
        return len(users) == limit

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
        self.check(change)
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

    def suspend(
        self, public_id: bytes, *, reason: str, hand_keys: bool = False, revision: int | None = None
    ) -> Account:
        """Keep a person out: sessions end; keys that they made are revoked, or handed to owners of the workspaces.

        Raises LastAdmin and UserChanged.
        """
        user = self._locked(public_id, revision)
        if user.state != UserState.SUSPENDED:
            if user.role == Role.ADMIN and not self._repository.other_active_admins(user.id):
                raise LastAdmin
            user.state = UserState.SUSPENDED
            user.updated_at = self._clock.now_ms()
            ended = self._sessions.end_all_of(user.id, self._clock.now_ms())
            handed, revoked = (
                self._above.hand_keys_of(user.id) if hand_keys else (0, self._above.revoke_keys_of(user.id))
            )
            after = {"sessions_ended": ended, "keys_revoked": revoked, "keys_reassigned": handed}
            user.revision += 1
            self._record("accounts.suspend_user", user, after=after, reason=reason)
            self._above.tell_suspended(user.id, keys_handed=hand_keys and not revoked)
        return self.opened(user)

    def reactivate(self, public_id: bytes, *, revision: int | None = None) -> Account:
        """Let a suspended person sign in again. Revoked keys stay revoked. Raises UserChanged."""
        user = self._locked(public_id, revision)
        if user.state != UserState.ACTIVE:
            user.state = UserState.ACTIVE
            user.revision += 1
            user.updated_at = self._clock.now_ms()
            self._record("accounts.reactivate_user", user)
        return self.opened(user)

    def record_invitation(self, user: User) -> None:
        """Put it on record that somebody was asked to choose a password."""
        self._record("accounts.invite_user", user)

    def set_role(self, public_id: bytes, role: Role, *, reason: str, revision: int) -> Account:
        """Make somebody an administrator, or a user again; their sessions end. Raises LastAdmin and UserChanged."""
        user = self._locked(public_id, revision)
        before = Role(user.role)
        if before is not role:
            is_last = not self._repository.other_active_admins(user.id)
            if before is Role.ADMIN and user.state == UserState.ACTIVE and is_last:
                raise LastAdmin
            user.role, user.updated_at = role, self._clock.now_ms()
            user.revision += 1
            ended = self._sessions.end_all_of(user.id, self._clock.now_ms())
            after = {"role": role.name.lower(), "sessions_ended": ended}
            self._record("accounts.set_role", user, before={"role": before.name.lower()}, after=after, reason=reason)
        return self.opened(user)

    def end_sessions(self, public_id: bytes, *, reason: str) -> int:
        """Sign a person out everywhere; returns how many sessions ended."""
        user = self._locked(public_id)
        ended = self._sessions.end_all_of(user.id, self._clock.now_ms())
        self._record("accounts.end_all_sessions", user, after={"sessions_ended": ended}, reason=reason)
        return ended

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
            email=self._ring.decrypt(user.email_sealed, f"users.email:{place}") if user.email_sealed else "",
            name=self._ring.decrypt(user.name_sealed, f"users.name:{place}") if user.name_sealed else pseudonym(user),
            role=Role(user.role),
            state=UserState(user.state),
            locale=user.locale,
            time_zone=user.time_zone,
            created_at=user.created_at,
            revision=user.revision,
            is_verified=user.email_verified_at is not None,
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
        return None if normal is None else self._repository.by_email_index(self.indexes(normal))

    def verified(self, user: User) -> None:
        """Believe that the address is the person's own. A second time changes nothing."""
        if user.email_verified_at is None:
            user.email_verified_at = user.updated_at = self._clock.now_ms()
            self._record("accounts.verify_email", user)

    def change_email(self, user: User, email: str, action: str) -> Account:
        """Put another address in the place of the old one; raises EmailTaken."""
        before = self.opened(user)
        other = self._repository.by_email_index(self.indexes(email))
        if other is not None and other.id != user.id:
            raise EmailTaken
        user.email_sealed = self._ring.encrypt(email, f"users.email:{user.public_id.hex()}")
        user.email_index, user.domain_index = self.index(email), self._domain_index(email)
        user.email_verified_at = user.updated_at = self._clock.now_ms()
        self._repository.session.flush()
        self._record(action, user, before={"email": before.email}, after={"email": email})
        return self.opened(user)

    def sign_out_everywhere(self, user_id: int) -> int:
        """End all sessions of a person; returns how many."""
        return self._sessions.end_all_of(user_id, self._clock.now_ms())

    def note(self, action: str, user: User) -> None:
        """Record something that a person did or asked for."""
        self._record(action, user)

    def index(self, email: str) -> bytes:
        """Return the blind index under which an address is kept."""
        return self._ring.blind_index(email, "users.email")

    def indexes(self, email: str) -> Sequence[bytes]:
        """Return the blind indexes under which an address may be found."""
        return self._ring.blind_indexes(email, "users.email")

    def _domain_index(self, email: str) -> bytes:
        return self._ring.blind_index(email.rpartition("@")[2], "users.domain")

    def _locked(self, public_id: bytes, revision: int | None = None) -> User:
        user = self._found(self._repository.by_public_id(public_id))
        user = self._found(self._repository.lock(user.id))
        if revision is not None and revision != user.revision:
            raise UserChanged(user.revision)
        # Whoever was forgotten comes back by no deed.
        return self._found(None if user.state == UserState.ERASED else user)

    @staticmethod
    def _found(user: User | None) -> User:
        if user is None:
            raise UserNotFound
        return user

    @staticmethod
    def check(change: ProfileChange) -> None:
        """Raise InvalidInput for a language or zone that nobody has."""
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


def pseudonym(user: User) -> str:
    """Return what an erased person is called from now on: the same everywhere, and nobody's name."""
    return f"Deleted user {user.public_id[-3:].hex()}"


def _profile(account: Account) -> dict[str, object]:
    return {"name": account.name, "locale": account.locale, "time_zone": account.time_zone}
