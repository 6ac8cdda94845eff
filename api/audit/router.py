"""Who did what, for administrators."""

from typing import Annotated, Any

from fastapi import Query

from api.deps import Admin, PageDep, ScopeDep
from api.routing import router
from api.schemas import Moment, Out, PageOut, Ref
from ccmanage.accounts.service import Account
from ccmanage.audit.service import Recorded
from ccmanage.core.ids import AUDIT, USER, WORKSPACE, decode_id, encode_id
from ccmanage.workspaces.models import Workspace

audit_log = router("/v1/admin/audit-log", "admin audit log")


class SubjectOut(Out):
    """The thing that a deed was done to."""

    kind: str
    id: str


class AuditOut(Out):
    """A deed. Without an actor it was the system itself or its command line; details may have been erased."""

    id: str
    at: Moment
    actor: Ref | None
    action: str
    subject: SubjectOut
    workspace_id: str | None
    request_id: str
    details: dict[str, Any]

    @classmethod
    def of(cls, recorded: Recorded, actor: Account | None, workspace: Workspace | None) -> "AuditOut":
        """Make the answer."""
        entry = recorded.entry
        return cls(
            id=encode_id(AUDIT, entry.public_id),
            at=entry.at,
            actor=Ref(id=encode_id(USER, actor.public_id), name=actor.name) if actor else None,
            action=entry.action,
            subject=SubjectOut(kind=entry.subject_kind, id=entry.subject_id),
            workspace_id=encode_id(WORKSPACE, workspace.public_id) if workspace else None,
            request_id=entry.request_id,
            details=dict(recorded.details),
        )


@audit_log.get("")
def list_(
    caller: Admin,
    scope: ScopeDep,
    ask: PageDep,
    action: Annotated[str | None, Query(max_length=64, description="Only this kind, such as `keys.issue`.")] = None,
    actor_id: Annotated[str | None, Query(description="Only what this person did (`usr_…`).")] = None,
) -> PageOut[AuditOut]:
    """List deeds, newest first."""
    actor = scope.accounts.get(decode_id(USER, actor_id)).id if actor_id is not None else None
    page = scope.audit.page(ask, action=action, actor_user_id=actor)
    people = scope.accounts.named(recorded.entry.actor_user_id for recorded in page.items)
    workspaces = scope.workspaces.named(recorded.entry.workspace_id for recorded in page.items)
    return PageOut[AuditOut].of(
        page,
        lambda recorded: AuditOut.of(
            recorded, people.get(recorded.entry.actor_user_id), workspaces.get(recorded.entry.workspace_id)
        ),
    )
