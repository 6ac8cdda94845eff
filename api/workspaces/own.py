"""The workspaces that one belongs to."""

from api.deps import AuthenticatorDep, PageDep, Person, ScopeDep
from api.routing import router
from api.schemas import PageOut
from api.workspaces.schemas import WorkspaceOpenIn, WorkspaceOut
from ccmanage.core.ids import WORKSPACE, decode_id

own_workspaces = router("/v1/workspaces", "workspaces")


@own_workspaces.get("")
def list_(me: Person, scope: ScopeDep, ask: PageDep) -> PageOut[WorkspaceOut]:
    """List the workspaces that one belongs to, closed ones too, the newest first."""
    return PageOut[WorkspaceOut].of(scope.workspaces.page_of(me.user_id, ask), WorkspaceOut.of)


@own_workspaces.post("", status_code=201)
def open_(me: Person, scope: ScopeDep, body: WorkspaceOpenIn) -> WorkspaceOut:
    """Open a workspace for several people, and own it."""
    return WorkspaceOut.of(scope.workspaces.open_own(body.name, me.user_id))


@own_workspaces.post("/{workspace_id}/leave", status_code=204)
def leave(me: Person, scope: ScopeDep, workspace_id: str, authenticator: AuthenticatorDep) -> None:
    """Leave a workspace. The keys that one made there are revoked."""
    scope.members.leave(me.user_id, decode_id(WORKSPACE, workspace_id))
    authenticator.forget_all()
