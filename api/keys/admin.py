"""API keys of all workspaces, for administrators."""

from typing import Annotated

from fastapi import Query
from starlette.requests import Request

from api.deps import Admin, PageDep, ScopeDep
from api.keys.limits import KeyLimitsStateOut, limits_of
from api.keys.schemas import KeyAdminOut, KeyOut
from api.openapi import problems
from api.routing import router
from api.schemas import PageOut
from ccmanage.core.ids import KEY, WORKSPACE, decode_id

admin_keys = router("/v1/admin/keys", "admin keys")

_Workspace = Annotated[str | None, Query(max_length=40, description="Only keys of this workspace.")]


@admin_keys.get("", responses=problems(404))
def list_(me: Admin, scope: ScopeDep, ask: PageDep, workspace_id: _Workspace = None) -> PageOut[KeyAdminOut]:
    """List keys of all workspaces or of one, newest first."""
    only = scope.workspaces.get(decode_id(WORKSPACE, workspace_id)).id if workspace_id else None
    page = scope.keys.page_of_all(ask, only)
    makers = scope.accounts.named(key.user_id for _workspace, key in page.items)
    owners = scope.workspaces.named([number for number, _key in page.items])
    return PageOut[KeyAdminOut].of(
        page, lambda pair: KeyAdminOut.of_all(pair[1], makers[pair[1].user_id], owners[pair[0]])
    )


@admin_keys.get("/{key_id}/limits")
def get_limits(request: Request, me: Admin, scope: ScopeDep, key_id: str) -> KeyLimitsStateOut:
    """Return what limits a key, with what is left and when it resets."""
    public_id = decode_id(KEY, key_id)
    return limits_of(request, scope, scope.keys.ring_of(public_id), public_id)


@admin_keys.post("/{key_id}/revoke")
def revoke(me: Admin, scope: ScopeDep, key_id: str) -> KeyOut:
    """End a key for good. A second time changes nothing."""
    public_id = decode_id(KEY, key_id)
    key = scope.keys.revoke(scope.keys.ring_of(public_id), public_id)
    return KeyOut.of(key, scope.accounts.by_number(key.user_id))


@admin_keys.post("/{key_id}/disable")
def disable(me: Admin, scope: ScopeDep, key_id: str) -> KeyOut:
    """Let a key rest: it is refused until it is enabled again."""
    public_id = decode_id(KEY, key_id)
    key = scope.keys.disable(scope.keys.ring_of(public_id), public_id)
    return KeyOut.of(key, scope.accounts.by_number(key.user_id))


@admin_keys.post("/{key_id}/enable")
def enable(me: Admin, scope: ScopeDep, key_id: str) -> KeyOut:
    """Let a key that rests be used again, if the plan allows one more."""
    public_id = decode_id(KEY, key_id)
    key = scope.keys.enable(scope.keys.ring_of(public_id), public_id)
    return KeyOut.of(key, scope.accounts.by_number(key.user_id))
