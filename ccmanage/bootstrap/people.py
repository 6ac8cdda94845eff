"""People, what they own together, and how they get in."""

from functools import cached_property

from ccmanage.accounts.repository import AccountRepository, SessionRepository
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.sessions import SessionService
from ccmanage.bootstrap.base import ScopeBase
from ccmanage.core.clock import MINUTE
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
        repository, idle_ms = SessionRepository(self.session), self._runtime.settings.session_idle_minutes * MINUTE
        return SessionService(repository, self._runtime.ring, self._runtime.tokens, self.clock, self.audit, idle_ms)

    @cached_property
    def workspaces(self) -> WorkspaceService:
        """Who owns things."""
        return WorkspaceService(WorkspaceRepository(self.session), self.clock, self.audit, self.accounts, self._above)
