"""Queries of requests for credits."""

from sqlalchemy import func, select

from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.credit_requests.models import CreditRequest, RequestState


class CreditRequestRepository(Repository[CreditRequest]):
    """Requests, open and decided."""

    model = CreditRequest

    def page_of(self, workspace_id: int, ask: PageRequest) -> Page[CreditRequest]:
        """Return the requests of a workspace, newest first."""
        return self.page(select(CreditRequest).where(CreditRequest.workspace_id == workspace_id), ask, CreditRequest.id)

    def page_of_all(self, state: RequestState | None, ask: PageRequest) -> Page[CreditRequest]:
        """Return requests of all workspaces, newest first."""
        statement = select(CreditRequest)
        if state is not None:
            statement = statement.where(CreditRequest.state == state)
        return self.page(statement, ask, CreditRequest.id)

    def has_open(self, workspace_id: int) -> bool:
        """Tell whether a workspace waits for an answer."""
        statement = select(CreditRequest.id).where(CreditRequest.open_workspace_id == workspace_id)
        return self.session.scalars(statement).first() is not None

    def count_open(self) -> int:
        """Count the requests that wait for an answer."""
        statement = select(func.count()).select_from(CreditRequest).where(CreditRequest.state == RequestState.OPEN)
        return int(self.session.execute(statement).scalar_one())
