"""Use cases around sign-ins at an identity provider: who is it, may they come in, as what."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccmanage.accounts import rules
from ccmanage.accounts.errors import AccountSuspended, LastAdmin
from ccmanage.accounts.models import Role
from ccmanage.accounts.provider_errors import DomainRefused, EmailUnproven, LinkRefused
from ccmanage.accounts.provider_models import ProviderIdentity
from ccmanage.accounts.provider_rules import Profile, is_domain_allowed, may_link, role_for
from ccmanage.accounts.repository import AccountRepository
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.values import Account, Credentials, NewAccount
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.ids import USER, encode_id, new_id
from ccmanage.core.repository import Repository
from ccmanage.core.text import MAX_NAME, is_clean

_PLACE = "provider_identities.subject"
_REASON = "as the identity provider's groups say"


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may come in by the provider, and as what."""

    domains: tuple[str, ...] = ()
    admin_groups: tuple[str, ...] = ()


class IdentityRepository(Repository[ProviderIdentity]):
    """People as a provider knows them."""

    model = ProviderIdentity

    def by_index(self, index: bytes) -> ProviderIdentity | None:
        """Find somebody by the blind index of issuer and subject."""
        return self.one(select(ProviderIdentity).where(ProviderIdentity.subject_index == index))


class ProviderService:
    """People who come in by an identity provider. Who somebody is says the subject alone, never the address."""

    def __init__(
        self,
        session: Session,
        accounts: AccountService,
        ring: KeyRing,
        clock: Clock,
        audit: AuditService,
        admission: Admission,
    ) -> None:
        self._identities = IdentityRepository(session)
        self._people = AccountRepository(session)
        self._accounts = accounts
        self._ring = ring
        self._clock = clock
        self._audit = audit
        self._admission = admission

    def let_in(self, profile: Profile) -> Credentials:
        """Return whose sign-in this is, a new person at the first; raises what speaks against it.

        EmailUnproven, DomainRefused, LinkRefused, AccountSuspended.
        """
        email = rules.normalise_email(profile.email) or ""
        if not is_domain_allowed(email, self._admission.domains):
            raise DomainRefused
        subject = f"{profile.issuer}\0{profile.subject}"
        index = self._ring.blind_index(subject, _PLACE)
        identity = self._identities.by_index(index)
        if identity is None:
            identity = self._link(profile, email, subject, index)
        identity.last_used_at = self._clock.now_ms()
        account = self._accounts.by_number(identity.user_id)
        self._follow_groups(account, profile)
        who = self._accounts.credentials(identity.user_id)
        if not who.is_active:
            raise AccountSuspended
        return who

    def _link(self, profile: Profile, email: str, subject: str, index: bytes) -> ProviderIdentity:
        if not email or not profile.email_verified:
            raise EmailUnproven
        account = self._accounts.find_by_email(email)
        is_new = account is None
        if account is None:
            account = self._create(profile, email)
        else:
            who = self._accounts.credentials(account.id)
            proven = self._accounts.is_proven(account.id)
            if not may_link(email_proven=proven, has_password=who.password_hash is not None):
                raise LinkRefused
        self._prove_address(account.id)
        public_id, now = new_id(), self._clock.now_ms()
        identity = self._identities.add(
            ProviderIdentity(
                public_id=public_id,
                user_id=account.id,
                subject_index=index,
                subject_sealed=self._ring.encrypt(subject, f"{_PLACE}:{public_id.hex()}"),
                created_at=now,
                last_used_at=now,
            )
        )
        after = {"issuer": profile.issuer, "new_user": is_new}
        self._audit.record("accounts.link_provider", ("user", encode_id(USER, account.public_id)), after=after)
        return identity

    def _create(self, profile: Profile, email: str) -> Account:
        role = role_for(profile.groups, self._admission.admin_groups) or Role.USER
        name = profile.name.strip()[:MAX_NAME]
        shown = name if name and is_clean(name) else email.partition("@")[0]
        return self._accounts.create(NewAccount(email=email, name=shown, password_hash=None, role=role))

    def _prove_address(self, user_id: int) -> None:
        user = self._people.lock(user_id)
        if user is not None and user.email_verified_at is None:
            user.email_verified_at = self._clock.now_ms()

    def _follow_groups(self, account: Account, profile: Profile) -> None:
        wanted = role_for(profile.groups, self._admission.admin_groups)
        if wanted is None or wanted is account.role:
            return
        try:
            self._accounts.set_role(account.public_id, wanted, reason=_REASON, revision=account.revision)
        except LastAdmin:
            # Without an administrator nobody could mend the mapping.
            return
