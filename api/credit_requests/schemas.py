"""Bodies of requests for credits."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import Credits, CreditsIn, In, Moment, MomentIn, Out, Reason, Ref
from ccmanage.accounts.values import Account
from ccmanage.core.ids import CREDIT_REQUEST, USER, WORKSPACE, encode_id
from ccmanage.core.text import MAX_REASON
from ccmanage.credit_requests.models import CreditRequest, RequestState
from ccmanage.credit_requests.service import Approval
from ccmanage.workspaces.models import Workspace

RequestStateName = Literal["open", "approved", "denied", "withdrawn"]
STATES: dict[RequestState, RequestStateName] = {
    RequestState.OPEN: "open",
    RequestState.APPROVED: "approved",
    RequestState.DENIED: "denied",
    RequestState.WITHDRAWN: "withdrawn",
}
STATE_OF = {name: state for state, name in STATES.items()}


class CreditRequestIn(In):
    """How many credits are needed, and what for."""

    credits: CreditsIn
    reason: Reason


class ApproveIn(In):
    """What is given: what was asked for, or another amount; until when; a word to who asked."""

    credits: CreditsIn
    expires_at: MomentIn | None = None
    note: Annotated[str, Field(max_length=MAX_REASON)] = ""

    def to_domain(self) -> Approval:
        """Return what is given."""
        return Approval(self.credits, self.expires_at or 0, self.note)


class DenyIn(In):
    """Why nothing is given."""

    note: Reason


class CreditRequestOut(Out):
    """A request, and what was decided."""

    id: str
    workspace: Ref
    user: Ref
    credits: Credits
    reason: str
    state: RequestStateName
    granted: Credits | None
    expires_at: Moment | None
    note: str
    created_at: Moment
    decided_at: Moment | None

    @classmethod
    def of(cls, row: CreditRequest, workspace: Workspace, user: Account | None) -> "CreditRequestOut":
        """Make the answer."""
        return cls(
            id=encode_id(CREDIT_REQUEST, row.public_id),
            workspace=Ref(id=encode_id(WORKSPACE, workspace.public_id), name=workspace.name),
            user=Ref(id=encode_id(USER, user.public_id), name=user.name) if user else Ref(id="", name=""),
            credits=row.asked_nano,
            reason=row.reason,
            state=STATES[RequestState(row.state)],
            granted=row.granted_nano or None,
            expires_at=row.expires_at or None,
            note=row.note,
            created_at=row.created_at,
            decided_at=row.decided_at or None,
        )
