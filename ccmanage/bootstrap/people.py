"""People, what they own together, and how they get in."""

from functools import cached_property

from ccmanage.accounts.addresses import AddressService
from ccmanage.accounts.browsers import BrowserService
from ccmanage.accounts.challenges import ChallengeService
from ccmanage.accounts.devices import network_of
from ccmanage.accounts.factor_repository import ChallengeRepository, FactorRepository
from ccmanage.accounts.factors import FactorService
from ccmanage.accounts.identities import IdentityService, Ways
from ccmanage.accounts.letters import Letters
from ccmanage.accounts.models import User
from ccmanage.accounts.proof_repository import BrowserRepository, ProofRepository, RequestRepository
from ccmanage.accounts.proofs import ProofService
from ccmanage.accounts.providers import Admission, ProviderService
from ccmanage.accounts.registration import Parts, RegistrationService
from ccmanage.accounts.repository import AccountRepository, SessionRepository
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.sessions import Policy, SessionService
from ccmanage.accounts.settings import ADMINS_NEED_FACTOR, IDLE_MINUTES, PASSWORD_ENABLED
from ccmanage.accounts.tokens import TokenService
from ccmanage.accounts.viewing import ViewingService
from ccmanage.bootstrap.base import ScopeBase
from ccmanage.core.clock import DAY, MINUTE
from ccmanage.email.service import Recipient
from ccmanage.settings.retention import SIGN_INS
from ccmanage.workspaces.invitation_repository import InvitationRepository
from ccmanage.workspaces.invitations import InvitationService
from ccmanage.workspaces.mails import WorkspaceMails
from ccmanage.workspaces.members import MemberService
from ccmanage.workspaces.repository import WorkspaceRepository
from ccmanage.workspaces.service import WorkspaceService


class PeopleScope(ScopeBase):
    """The services of accounts and workspaces."""

    @cached_property
    def accounts(self) -> AccountService:
        """People."""
        sessions = SessionRepository(self.session)
        people = AccountRepository(self.session)
        return AccountService(people, sessions, self._runtime.ring, self.clock, self.audit, self._above)

    @cached_property
    def sessions(self) -> SessionService:
        """Their sign-ins."""
        repository, runtime = SessionRepository(self.session), self._runtime
        policy = Policy(
            self.settings.get(IDLE_MINUTES) * MINUTE, self._admins_need_factor, self.settings.get(SIGN_INS) * DAY
        )
        return SessionService(repository, runtime.ring, runtime.tokens, self.clock, self.audit, policy)

    @cached_property
    def factors(self) -> FactorService:
        """Their second factors."""
        people = AccountRepository(self.session), SessionRepository(self.session)
        keys = self._runtime.ring, self._runtime.people_digester
        above = self._admins_need_factor, _Mails(self)
        return FactorService(FactorRepository(self.session), people, keys, self.clock, self.audit, above)

    @cached_property
    def challenges(self) -> ChallengeService:
        """Sign-ins between their two steps."""
        services, runtime = (self.accounts, self.factors, self.sessions), self._runtime
        repository = ChallengeRepository(self.session)
        return ChallengeService(repository, services, runtime.challenge_tokens, runtime.people_digester, self.clock)

    @cached_property
    def viewings(self) -> ViewingService:
        """Administrators who look as somebody."""
        people, sessions = AccountRepository(self.session), SessionRepository(self.session)
        runtime = self._runtime
        return ViewingService(people, sessions, runtime.ring, runtime.tokens, self.clock, self.audit)

    @cached_property
    def proofs(self) -> ProofService:
        """Links in mails."""
        runtime = self._runtime
        people = AccountRepository(self.session)
        return ProofService(ProofRepository(self.session), people, runtime.ring, runtime.digester, self.clock)

    @cached_property
    def letters(self) -> Letters:
        """Mails about accounts."""
        return Letters(self.email, self._runtime.settings.public_url, self.clock)

    @cached_property
    def registration(self) -> RegistrationService:
        """Registrations and forgotten passwords."""
        parts = Parts(self.accounts, self.proofs, self.letters, self.settings, self._above)
        people, requests = AccountRepository(self.session), RequestRepository(self.session)
        return RegistrationService(requests, people, parts, self._runtime.ring, self)

    @cached_property
    def addresses(self) -> AddressService:
        """Changes of mail addresses."""
        return AddressService(self.accounts, self.proofs, self.letters)

    @cached_property
    def browsers(self) -> BrowserService:
        """Browsers that people have signed in with."""
        repository = BrowserRepository(self.session)
        return BrowserService(repository, self.letters, self._runtime.digester, self.clock)

    @cached_property
    def providers(self) -> ProviderService:
        """People who come in by an identity provider."""
        settings, people = self._runtime.settings, AccountRepository(self.session)
        admission = Admission(settings.oidc_domains, settings.oidc_admin_groups)
        return ProviderService(people, self.accounts, self.identities, self.clock, admission)

    @cached_property
    def identities(self) -> IdentityService:
        """Their names at an identity provider."""
        issuer = self._runtime.settings.oidc_issuer
        ways = Ways(issuer, passwords=not issuer or self.settings.get(PASSWORD_ENABLED))
        return IdentityService(self.session, self._runtime.ring, self.clock, self.audit, ways)

    @cached_property
    def tokens(self) -> TokenService:
        """Tokens with which their scripts act for them."""
        return TokenService(self.session, self._runtime.people_digester, self.clock, self.audit)

    @cached_property
    def workspaces(self) -> WorkspaceService:
        """Who owns things."""
        return WorkspaceService(WorkspaceRepository(self.session), self.clock, self.audit, self.accounts, self._above)

    @cached_property
    def members(self) -> MemberService:
        """Who belongs to which workspace."""
        repository, mails = WorkspaceRepository(self.session), self._workspace_mails
        return MemberService(repository, self.clock, self.audit, self.accounts, self._above, mails)

    @cached_property
    def invitations(self) -> InvitationService:
        """Who is asked into which workspace."""
        repositories = InvitationRepository(self.session), WorkspaceRepository(self.session)
        services = self.workspaces, self.accounts
        keys = self._runtime.ring, self._runtime.people_digester
        return InvitationService(repositories, services, keys, self.clock, self.audit, self._workspace_mails)

    @cached_property
    def _workspace_mails(self) -> WorkspaceMails:
        return WorkspaceMails(self.email, self._runtime.settings.public_url)

    def _admins_need_factor(self) -> bool:
        return self.settings.get(ADMINS_NEED_FACTOR)


class _Mails:
    """Tells people by mail what changed about their sign-in."""

    def __init__(self, scope: PeopleScope) -> None:
        self._scope = scope

    def factor_changed(self, user: User, change: str) -> None:
        """Tell that a second factor was changed, to the address of now."""
        scope, account = self._scope, self._scope.accounts.opened(user)
        to = Recipient(account.email, account.name, user_id=account.id, language=account.locale, zone=account.time_zone)
        now = scope.clock.now_ms()
        scope.email.post(
            "accounts.factor_changed",
            to=to,
            values={
                "change": change,
                "at": to.moment(now),
                "device": "–",
                "network": network_of(scope.audit.actor.address) or "–",
                "link": f"{scope._runtime.settings.public_url}/security",
            },
            dedupe_key=f"accounts.factor_changed:{account.id}:{change}:{now}",
        )
