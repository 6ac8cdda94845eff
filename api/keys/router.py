"""API keys of a workspace. Members see and change the keys that they made, managers all, viewers only look."""

from starlette.requests import Request

from api.deps import PageDep, ScopeDep, StepUp, WorkspaceMember, WorkspaceViewer
from api.keys.limits import KeyLimitsStateOut, KeyOwnLimitsIn, limits_of
from api.keys.schemas import KeyIssuedOut, KeyIssueIn, KeyOut, KeyUpdateIn
from api.routing import router
from api.schemas import OverlapIn, PageOut
from ccmanage.core.clock import SECOND
from ccmanage.core.ids import KEY, decode_id
from ccmanage.keys.service import UNCHANGED
from ccmanage.workspaces.models import MemberRole

keys = router("/v1/keys", "keys")


@keys.get("")
def list_(me: WorkspaceViewer, scope: ScopeDep, ask: PageDep) -> PageOut[KeyOut]:
    """List keys, newest first."""
    page = scope.keys.page(me.keyring, ask)
    makers = scope.accounts.named(key.user_id for key in page.items)
    return PageOut[KeyOut].of(page, lambda key: KeyOut.of(key, makers[key.user_id]))


@keys.post("", status_code=201)
def issue(me: WorkspaceMember, scope: ScopeDep, body: KeyIssueIn) -> KeyIssuedOut:
    """Make a key. Its secret is shown in this answer and never again."""
    scope.members.hold(me.workspace_id, me.user_id, MemberRole.MEMBER)
    issued = scope.keys.issue(
        me.workspace_id, me.user_id, body.name, expires_at=body.expires_at, life_ms=_ms(body.life_seconds)
    )
    return KeyIssuedOut.of(issued, scope.accounts.by_number(me.user_id))


@keys.get("/{key_id}")
def get(me: WorkspaceViewer, scope: ScopeDep, key_id: str) -> KeyOut:
    """Return a key."""
    key = scope.keys.get(me.keyring, decode_id(KEY, key_id))
    return KeyOut.of(key, scope.accounts.by_number(key.user_id))


@keys.patch("/{key_id}")
def update(me: WorkspaceMember, scope: ScopeDep, key_id: str, body: KeyUpdateIn) -> KeyOut:
    """Rename a key, or move its end: an instant, or some time after its first use."""
    expires_at = body.expires_at if "expires_at" in body.model_fields_set else UNCHANGED
    life_ms = _ms(body.life_seconds) if "life_seconds" in body.model_fields_set else UNCHANGED
    key = scope.keys.change(me.keyring, decode_id(KEY, key_id), name=body.name, expires_at=expires_at, life_ms=life_ms)
    return KeyOut.of(key, scope.accounts.by_number(key.user_id))


@keys.post("/{key_id}/rotate")
def rotate(me: WorkspaceMember, fresh: StepUp, scope: ScopeDep, key_id: str, body: OverlapIn) -> KeyIssuedOut:
    """Give a key a new secret. The old one works until the overlap is over."""
    issued = scope.keys.rotate(me.keyring, decode_id(KEY, key_id), body.overlap_seconds)
    return KeyIssuedOut.of(issued, scope.accounts.by_number(issued.key.user_id))


@keys.post("/{key_id}/disable")
def disable(me: WorkspaceMember, scope: ScopeDep, key_id: str) -> KeyOut:
    """Let a key rest: it is refused until it is enabled again."""
    key = scope.keys.disable(me.keyring, decode_id(KEY, key_id))
    return KeyOut.of(key, scope.accounts.by_number(key.user_id))


@keys.post("/{key_id}/enable")
def enable(me: WorkspaceMember, scope: ScopeDep, key_id: str) -> KeyOut:
    """Let a key that rests be used again, if the plan allows one more."""
    key = scope.keys.enable(me.keyring, decode_id(KEY, key_id))
    return KeyOut.of(key, scope.accounts.by_number(key.user_id))


@keys.post("/{key_id}/revoke")
def revoke(me: WorkspaceMember, scope: ScopeDep, key_id: str) -> KeyOut:
    """End a key for good. A second time changes nothing."""
    key = scope.keys.revoke(me.keyring, decode_id(KEY, key_id))
    return KeyOut.of(key, scope.accounts.by_number(key.user_id))


@keys.get("/{key_id}/limits")
def get_limits(request: Request, me: WorkspaceViewer, scope: ScopeDep, key_id: str) -> KeyLimitsStateOut:
    """Return what limits a key, its own and the package's, with what is left and when it resets."""
    return limits_of(request, scope, me.keyring, decode_id(KEY, key_id))


@keys.put("/{key_id}/limits")
def set_limits(
    request: Request, me: WorkspaceMember, scope: ScopeDep, key_id: str, body: KeyOwnLimitsIn
) -> KeyLimitsStateOut:
    """Set a key's own limits, inside what the package allows; those that are left out are taken away."""
    public_id = decode_id(KEY, key_id)
    scope.key_limits.set(me.keyring, public_id, body.to_domain())
    return limits_of(request, scope, me.keyring, public_id)


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * SECOND
