"""`/v1/admin/credit-requests`: who needs more; approve or deny."""

from api.credit_requests.router import request_out, requests_out
from api.credit_requests.schemas import STATE_OF, ApproveIn, CreditRequestOut, DenyIn, RequestStateName
from api.deps import Admin, PageDep, ScopeDep, StepUp
from api.routing import router
from api.schemas import PageOut
from ccmanage.core.ids import CREDIT_REQUEST, decode_id

credit_requests = router("/v1/admin/credit-requests", "admin credit requests")


@credit_requests.get("")
def list_(
    caller: Admin, scope: ScopeDep, ask: PageDep, state: RequestStateName | None = None
) -> PageOut[CreditRequestOut]:
    """List requests of all workspaces, newest first."""
    return requests_out(scope, scope.credit_requests.page(STATE_OF[state] if state else None, ask))


@credit_requests.post("/{request_id}/approve")
def approve(caller: Admin, fresh: StepUp, scope: ScopeDep, request_id: str, body: ApproveIn) -> CreditRequestOut:
    """Give what was asked for, or another amount."""
    number = decode_id(CREDIT_REQUEST, request_id)
    return request_out(scope, scope.credit_requests.approve(number, body.to_domain(), caller.user_id))


@credit_requests.post("/{request_id}/deny")
def deny(caller: Admin, scope: ScopeDep, request_id: str, body: DenyIn) -> CreditRequestOut:
    """Give nothing, and say why."""
    number = decode_id(CREDIT_REQUEST, request_id)
    return request_out(scope, scope.credit_requests.deny(number, body.note, caller.user_id))
