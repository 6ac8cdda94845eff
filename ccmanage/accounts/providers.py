"""Use cases around sign-ins at an identity provider: who is it, may they come in, as what."""

from dataclasses import dataclass

from ccmanage.accounts import rules
from ccmanage.accounts.errors import AccountSuspended, LastAdmin, UserNotFound
from ccmanage.accounts.identities import IdentityService
from ccmanage.accounts.models import Role, User
from ccmanage.accounts.provider_errors import DomainRefused, EmailUnproven, LinkRefused
from ccmanage.accounts.provider_models import ProviderIdentity
from ccmanage.accounts.provider_rules import Profile, is_domain_allowed, may_link, role_for
from ccmanage.accounts.repository import AccountRepository
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.values import Account, Credentials, NewAccount
from ccmanage.core.clock import Clock
from ccmanage.core.text import MAX_NAME, is_clean

_REASON = "as the identity provider's groups say"


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may come in by the provider, and as what."""

    domains: tuple[str, ...] = ()
    admin_groups: tuple[str, ...] = ()


class ProviderService:
    """People who come in by an identity provider. Who somebody is says the subject alone, never the address."""

    def __init__(
        self,
        people: AccountRepository,
        accounts: AccountService,
        identities: IdentityService,
        clock: Clock,
        admission: Admission,
    ) -> None:
        self._people = people
        self._accounts = accounts
        self._identities = identities
        self._clock = clock
        self._admission = admission

    def let_in(self, profile: Profile) -> Credentials:
        """Return whose sign-in this is, a new person at the first; raises what speaks against it.

        EmailUnproven, DomainRefused, LinkRefused, AccountSuspended.
        """
        email = rules.normalise_email(profile.email) or ""
        if not is_domain_allowed(email, self._admission.domains):
            raise DomainRefused
        identity = self._identities.find(profile) or self._link(profile, email)
        identity.last_used_at = self._clock.now_ms()
        account = self._accounts.by_number(identity.user_id)
        self._follow_groups(account, profile)
        who = self._accounts.credentials(identity.user_id)
        if not who.is_active:
            raise AccountSuspended
        return who

    def link(self, user_id: int, profile: Profile) -> None:
        """Let whoever came back from the provider sign in as this person; raises DomainRefused, IdentityTaken."""
        self._identities.link(user_id, profile, self._admission.domains)

    def _link(self, profile: Profile, email: str) -> ProviderIdentity:
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
        return self._identities.add(self._prove_address(account.id), profile, new_user=is_new)

    def _create(self, profile: Profile, email: str) -> Account:
        role = role_for(profile.groups, self._admission.admin_groups) or Role.USER
        name = profile.name.strip()[:MAX_NAME]
        shown = name if name and is_clean(name) else email.partition("@")[0]
        return self._accounts.create(NewAccount(email=email, name=shown, password_hash=None, role=role))

    def _prove_address(self, user_id: int) -> User:
        user = self._people.lock(user_id)
        if user is None:
            raise UserNotFound
        if user.email_verified_at is None:
            user.email_verified_at = self._clock.now_ms()
        return user

    def _follow_groups(self, account: Account, profile: Profile) -> None:
        wanted = role_for(profile.groups, self._admission.admin_groups)
        if wanted is None or wanted is account.role:
            return
        try:
            self._accounts.set_role(account.public_id, wanted, reason=_REASON, revision=account.revision)
        except LastAdmin:
            # Without an administrator nobody could mend the mapping.
            return
