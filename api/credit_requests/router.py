"""`/v1/credit-requests`: ask for more credits, and see what was decided."""

from api.credit_requests.schemas import CreditRequestIn, CreditRequestOut
from api.deps import PageDep, ScopeDep, WorkspaceMember, WorkspaceViewer
from api.routing import router
from api.schemas import PageOut
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import CREDIT_REQUEST, decode_id
from ccmanage.core.pagination import Page
from ccmanage.credit_requests.models import CreditRequest

credit_requests = router("/v1/credit-requests", "credit requests")


@credit_requests.get("")
def list_(me: WorkspaceViewer, scope: ScopeDep, ask: PageDep) -> PageOut[CreditRequestOut]:
    """List the requests of the workspace, newest first."""
    return requests_out(scope, scope.credit_requests.page_of(me.workspace_id, ask))


@credit_requests.post("", status_code=201)
def create(me: WorkspaceMember, scope: ScopeDep, body: CreditRequestIn) -> CreditRequestOut:
    """Ask for credits. A workspace asks one thing at a time."""
    return request_out(scope, scope.credit_requests.ask(me.workspace_id, me.user_id, body.credits, body.reason))


@credit_requests.post("/{request_id}/withdraw")
def withdraw(me: WorkspaceMember, scope: ScopeDep, request_id: str) -> CreditRequestOut:
    """Take a request back."""
    return request_out(scope, scope.credit_requests.withdraw(me.workspace_id, decode_id(CREDIT_REQUEST, request_id)))


def requests_out(scope: Scope, page: Page[CreditRequest]) -> PageOut[CreditRequestOut]:
    """Make a page, with one query for all workspaces and one for all people."""
    workspaces = scope.workspaces.named(row.workspace_id for row in page.items)
    users = scope.accounts.named(row.user_id for row in page.items)
    return PageOut[CreditRequestOut].of(
        page, lambda row: CreditRequestOut.of(row, workspaces[row.workspace_id], users.get(row.user_id))
    )


def request_out(scope: Scope, row: CreditRequest) -> CreditRequestOut:
    """Make one answer."""
    return requests_out(scope, Page([row])).items[0]
