"""Names under which an identity provider knows people: linked by hand or at the first sign-in, and taken away."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccmanage.accounts.models import User
from ccmanage.accounts.provider_errors import DomainRefused, IdentityNotFound, IdentityTaken, LastWayIn
from ccmanage.accounts.provider_models import ProviderIdentity
from ccmanage.accounts.provider_rules import Profile, is_domain_allowed, may_unlink
from ccmanage.accounts.repository import AccountRepository
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.ids import USER, encode_id, new_id
from ccmanage.core.repository import Repository

_PLACE = "provider_identities.subject"


@dataclass(frozen=True, slots=True)
class Linked:
    """One name of a person at a provider, and whether they could still sign in without it."""

    identity: ProviderIdentity
    issuer: str
    may_unlink: bool


@dataclass(frozen=True, slots=True)
class Ways:
    """How people get in: at which provider (none: ""), and whether a password opens accounts."""

    issuer: str
    passwords: bool


class IdentityRepository(Repository[ProviderIdentity]):
    """People as a provider knows them."""

    model = ProviderIdentity

    def by_index(self, indexes: Sequence[bytes]) -> ProviderIdentity | None:
        """Find somebody by the blind indexes of issuer and subject."""
        return self.one(select(ProviderIdentity).where(ProviderIdentity.subject_index.in_(indexes)))

    def remove(self, identity: ProviderIdentity) -> None:
        """Delete one name."""
        self.session.delete(identity)
        self.session.flush()

    def of(self, user_id: int) -> Sequence[ProviderIdentity]:
        """Return a person's names, the oldest first."""
        query = select(ProviderIdentity).where(ProviderIdentity.user_id == user_id).order_by(ProviderIdentity.id)
        return self.session.scalars(query).all()


class IdentityService:
    """Which names at the provider open which account."""

    def __init__(self, session: Session, ring: KeyRing, clock: Clock, audit: AuditService, ways: Ways) -> None:
        self._identities = IdentityRepository(session)
        self._people = AccountRepository(session)
        self._ring = ring
        self._clock = clock
        self._audit = audit
        self._ways = ways

    def find(self, profile: Profile) -> ProviderIdentity | None:
        """Find whom a provider speaks of."""
        return self._identities.by_index(self._ring.blind_indexes(_subject(profile), _PLACE))

    def add(self, user: User, profile: Profile, *, new_user: bool) -> ProviderIdentity:
        """Let a name at the provider open an account from now on."""
        public_id, now, subject = new_id(), self._clock.now_ms(), _subject(profile)
        identity = self._identities.add(
            ProviderIdentity(
                public_id=public_id,
                user_id=user.id,
                subject_index=self._index(subject),
                subject_sealed=self._ring.encrypt(subject, f"{_PLACE}:{public_id.hex()}"),
                created_at=now,
                last_used_at=now,
            )
        )
        self._record("accounts.link_provider", user, {"issuer": profile.issuer, "new_user": new_user})
        return identity

    def of(self, user_id: int) -> list[Linked]:
        """Return under which names a person can sign in."""
        user = self._people.get(user_id)
        return [] if user is None else self._linked(user)

    def link(self, user_id: int, profile: Profile, domains: Sequence[str]) -> None:
        """Let whoever came back from the provider sign in as this person; raises DomainRefused, IdentityTaken."""
        if not is_domain_allowed(profile.email, domains):
            raise DomainRefused
        user, known = self._people.lock(user_id), self.find(profile)
        if user is None or (known is not None and known.user_id != user_id):
            raise IdentityTaken
        if known is None:
            self.add(user, profile, new_user=False)

    def unlink(self, user_id: int, public_id: bytes) -> None:
        """Take a name away; raises IdentityNotFound, and LastWayIn where nothing else would be left."""
        # Under the lock: two at the same instant would each count the other one.
        user = self._people.lock(user_id)
        found = [] if user is None else [one for one in self._linked(user) if one.identity.public_id == public_id]
        if user is None or not found:
            raise IdentityNotFound
        if not found[0].may_unlink:
            raise LastWayIn
        self._identities.remove(found[0].identity)
        self._record("accounts.unlink_provider", user, {"issuer": found[0].issuer})

    def _linked(self, user: User) -> list[Linked]:
        rows = [(row, self._issuer(row)) for row in self._identities.of(user.id)]
        has_password = user.password_hash is not None and self._ways.passwords
        useful = {row.id for row, issuer in rows if issuer == self._ways.issuer}
        return [
            Linked(row, issuer, may_unlink(has_password=has_password, others=bool(useful - {row.id})))
            for row, issuer in rows
        ]

    def _issuer(self, row: ProviderIdentity) -> str:
        return self._ring.decrypt(row.subject_sealed, f"{_PLACE}:{row.public_id.hex()}").partition("\0")[0]

    def _index(self, subject: str) -> bytes:
        return self._ring.blind_index(subject, _PLACE)

    def _record(self, action: str, user: User, after: dict[str, object]) -> None:
        self._audit.record(action, ("user", encode_id(USER, user.public_id)), after=after)


def _subject(profile: Profile) -> str:
    return f"{profile.issuer}\0{profile.subject}"
