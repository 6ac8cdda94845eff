"""Workspaces, for administrators."""

from typing import Annotated

from fastapi import Query

from api.deps import Admin, AuthenticatorDep, PageDep, ScopeDep
from api.openapi import problems
from api.routing import router
from api.schemas import PageOut
from api.workspaces.schemas import AdminWorkspaceOut, WorkspaceChangeIn, WorkspaceCreateIn, WorkspaceSuspendIn
from ccmanage.core.ids import USER, WORKSPACE, decode_id

workspaces = router("/v1/admin/workspaces", "admin workspaces")


@workspaces.get("")
def list_(
    caller: Admin,
    scope: ScopeDep,
    ask: PageDep,
    search: Annotated[str | None, Query(max_length=100, description="A part of the name.")] = None,
) -> PageOut[AdminWorkspaceOut]:
    """List workspaces with their figures, newest first."""
    return PageOut[AdminWorkspaceOut].of(scope.workspace_report.page(ask, search=search), AdminWorkspaceOut.of)


@workspaces.post("", status_code=201, responses=problems(404))
def create(caller: Admin, scope: ScopeDep, body: WorkspaceCreateIn) -> AdminWorkspaceOut:
    """Open a workspace for several people."""
    opened = scope.workspaces.open_shared(body.name, decode_id(USER, body.owner_id))
    return AdminWorkspaceOut.of(scope.workspace_report.get(opened.public_id))


@workspaces.get("/{workspace_id}")
def get(caller: Admin, scope: ScopeDep, workspace_id: str) -> AdminWorkspaceOut:
    """Return a workspace with its figures."""
    return AdminWorkspaceOut.of(scope.workspace_report.get(decode_id(WORKSPACE, workspace_id)))


@workspaces.patch("/{workspace_id}")
def update(
    caller: Admin, scope: ScopeDep, workspace_id: str, body: WorkspaceChangeIn, authenticator: AuthenticatorDep
) -> AdminWorkspaceOut:
    """Rename a workspace."""
    known = scope.workspaces.get(decode_id(WORKSPACE, workspace_id))
    renamed = scope.workspaces.rename(known.id, body.name, revision=body.revision)
    authenticator.forget_all()
    return AdminWorkspaceOut.of(scope.workspace_report.get(renamed.public_id))


@workspaces.post("/{workspace_id}/suspend")
def suspend(
    caller: Admin, scope: ScopeDep, workspace_id: str, body: WorkspaceSuspendIn, authenticator: AuthenticatorDep
) -> AdminWorkspaceOut:
    """Let a workspace change nothing until it is reactivated. Usage that arrives is charged all the same."""
    wanted = decode_id(WORKSPACE, workspace_id)
    suspended = scope.workspaces.suspend(wanted, reason=body.reason, revision=body.revision)
    authenticator.forget_all()
    return AdminWorkspaceOut.of(scope.workspace_report.get(suspended.public_id))


@workspaces.post("/{workspace_id}/reactivate")
def reactivate(caller: Admin, scope: ScopeDep, workspace_id: str, authenticator: AuthenticatorDep) -> AdminWorkspaceOut:
    """End a suspension."""
    reactivated = scope.workspaces.reactivate(decode_id(WORKSPACE, workspace_id))
    authenticator.forget_all()
    return AdminWorkspaceOut.of(scope.workspace_report.get(reactivated.public_id))
