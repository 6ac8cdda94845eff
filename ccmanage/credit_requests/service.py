"""Ask for credits, and decide."""

from dataclasses import dataclass

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.errors import invalid
from ccmanage.core.ids import CREDIT_REQUEST, encode_id, new_id
from ccmanage.core.money import MAX_GRANT_NANO, format_credits
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.credit_requests.errors import RequestDecided, RequestNotFound, RequestOpen
from ccmanage.credit_requests.letters import RequestLetters
from ccmanage.credit_requests.models import CreditRequest, RequestState
from ccmanage.credit_requests.repository import CreditRequestRepository
from ccmanage.credits.models import Origin
from ccmanage.credits.service import CreditService, NewGrant


@dataclass(frozen=True, slots=True)
class Approval:
    """What is given. `expires_at` 0 means never."""

    amount_nano: int
    expires_at: int
    note: str


class CreditRequestService:
    """Use cases of requests for credits."""

    def __init__(
        self,
        repository: CreditRequestRepository,
        credits: CreditService,
        clock: Clock,
        audit: AuditService,
        letters: RequestLetters,
    ) -> None:
        self._repository = repository
        self._credits = credits
        self._clock = clock
        self._audit = audit
        self._letters = letters

    def ask(self, workspace_id: int, user_id: int, amount_nano: int, reason: str) -> CreditRequest:
        """Ask for credits; raises RequestOpen."""
        if not 0 < amount_nano <= MAX_GRANT_NANO:
            raise invalid("/credits", "credits.out_of_range", "Ask for more than 0 and at most 1000000000 credits.")
        if self._repository.has_open(workspace_id):
            raise RequestOpen
        request = self._repository.add(
            CreditRequest(
                public_id=new_id(),
                workspace_id=workspace_id,
                open_workspace_id=workspace_id,
                user_id=user_id,
                asked_nano=amount_nano,
                reason=reason,
                state=RequestState.OPEN,
                created_at=self._clock.now_ms(),
                decided_by=0,
                decided_at=0,
                granted_nano=0,
                grant_id=0,
                expires_at=0,
                note="",
            )
        )
        self._record("ask", request)
        self._letters.made(request)
        return request

    def withdraw(self, workspace_id: int, public_id: bytes) -> CreditRequest:
        """Take a request back; raises RequestNotFound, RequestDecided."""
        request = self._open(public_id)
        if request.workspace_id != workspace_id:
            raise RequestNotFound
        return self._decide(request, RequestState.WITHDRAWN, request.user_id)

    def approve(self, public_id: bytes, approval: Approval, decided_by: int) -> CreditRequest:
        """Give what was asked for, or another amount; raises RequestNotFound, RequestDecided."""
        request = self._open(public_id)
        new = NewGrant(approval.amount_nano, Origin.ADJUSTMENT, expires_at=approval.expires_at)
        grant = self._credits.grant(request.workspace_id, new, approval.note or None)
        request.granted_nano, request.grant_id = approval.amount_nano, grant.id
        request.expires_at, request.note = approval.expires_at, approval.note
        self._decide(request, RequestState.APPROVED, decided_by)
        self._letters.decided(request)
        return request

    def deny(self, public_id: bytes, note: str, decided_by: int) -> CreditRequest:
        """Give nothing, and say why; raises RequestNotFound, RequestDecided."""
        request = self._open(public_id)
        request.note = note
        self._decide(request, RequestState.DENIED, decided_by)
        self._letters.decided(request)
        return request

    def page_of(self, workspace_id: int, ask: PageRequest) -> Page[CreditRequest]:
        """Return the requests of a workspace, newest first."""
        return self._repository.page_of(workspace_id, ask)

    def page(self, state: RequestState | None, ask: PageRequest) -> Page[CreditRequest]:
        """Return requests of all workspaces, newest first."""
        return self._repository.page_of_all(state, ask)

    def count_open(self) -> int:
        """Count the requests that wait for an answer."""
        return self._repository.count_open()

    def _open(self, public_id: bytes) -> CreditRequest:
        found = self._repository.by_public_id(public_id)
        request = self._repository.lock(found.id) if found else None
        if request is None:
            raise RequestNotFound
        if request.state != RequestState.OPEN:
            raise RequestDecided
        return request

    def _decide(self, request: CreditRequest, state: RequestState, decided_by: int) -> CreditRequest:
        request.state, request.open_workspace_id = state, None
        request.decided_by, request.decided_at = decided_by, self._clock.now_ms()
        self._repository.session.flush()
        self._record(state.name.lower(), request)
        return request

    def _record(self, deed: str, request: CreditRequest) -> None:
        facts = {"asked": format_credits(request.asked_nano)}
        if request.granted_nano:
            facts["granted"] = format_credits(request.granted_nano)
        subject = ("credit_request", encode_id(CREDIT_REQUEST, request.public_id))
        self._audit.record(f"credit_requests.{deed}", subject, workspace_id=request.workspace_id, after=facts)
