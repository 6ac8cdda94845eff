"""The workspace that a request is about."""

from api.deps import AuthenticatorDep, ScopeDep, WorkspaceOwner, WorkspaceViewer
from api.routing import router
from api.workspaces.schemas import WorkspaceOut, WorkspaceUpdateIn

workspace = router("/v1/workspace", "workspace")


@workspace.get("")
def get(me: WorkspaceViewer) -> WorkspaceOut:
    """Return the workspace, with one's role in it."""
    return WorkspaceOut.of(me.membership)


@workspace.patch("")
def update(
    me: WorkspaceOwner, scope: ScopeDep, body: WorkspaceUpdateIn, authenticator: AuthenticatorDep
) -> WorkspaceOut:
    """Rename the workspace."""
    renamed = scope.workspaces.rename(me.workspace_id, body.name)
    authenticator.forget_all()
    return WorkspaceOut.of(me.membership, name=renamed.name)
