"""Credits of any workspace, for administrators."""

from typing import Annotated

from fastapi import Path

from api.credits.router import ledger_page
from api.credits.schemas import EntryKindName, EntryOut, GrantIn, GrantOut, ReversedOut, ReverseIn
from api.deps import Admin, PageDep, RuntimeDep, ScopeDep, StepUp
from api.routing import router
from api.schemas import PageOut, ReasonIn
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import GRANT, WORKSPACE, decode_id

grants = router("/v1/admin/workspaces/{workspace_id}/grants", "admin grants")
ledger = router("/v1/admin/workspaces/{workspace_id}/ledger", "admin ledger")


@grants.get("")
def list_(caller: Admin, scope: ScopeDep, workspace_id: str, ask: PageDep) -> PageOut[GrantOut]:
    """List all grants of a workspace, newest first."""
    return PageOut[GrantOut].of(scope.credits.grants_page(_number(scope, workspace_id), ask), GrantOut.of)


@grants.post("", status_code=201)
def create(caller: Admin, fresh: StepUp, scope: ScopeDep, workspace_id: str, body: GrantIn) -> GrantOut:
    """Give credits to a workspace."""
    return GrantOut.of(scope.credits.grant(_number(scope, workspace_id), body.to_domain(), body.reason))


@grants.post("/{grant_id}/void")
def void(caller: Admin, scope: ScopeDep, workspace_id: str, grant_id: str, body: ReasonIn) -> GrantOut:
    """Take away what remains of a grant."""
    return GrantOut.of(scope.credits.void(_number(scope, workspace_id), decode_id(GRANT, grant_id), body.reason))


@grants.post("/{grant_id}/expire")
def expire(caller: Admin, scope: ScopeDep, workspace_id: str, grant_id: str, body: ReasonIn) -> GrantOut:
    """End a grant now, as if its time were over."""
    return GrantOut.of(scope.credits.expire(_number(scope, workspace_id), decode_id(GRANT, grant_id), body.reason))


@ledger.get("")
def entries(
    caller: Admin,
    scope: ScopeDep,
    runtime: RuntimeDep,
    workspace_id: str,
    ask: PageDep,
    kind: EntryKindName | None = None,
) -> PageOut[EntryOut]:
    """List movements of a workspace, newest first."""
    return ledger_page(scope, runtime, _number(scope, workspace_id), kind, ask)


@ledger.post("/{seq}/reverse")
def reverse(
    caller: Admin,
    scope: ScopeDep,
    runtime: RuntimeDep,
    workspace_id: str,
    seq: Annotated[int, Path(ge=1, le=2**62)],
    body: ReverseIn,
) -> ReversedOut:
    """Write the opposite of an entry. Nothing is changed or deleted; each entry can be reversed once."""
    written = scope.credits.reverse(_number(scope, workspace_id), seq, body.reason, body.expires_at or 0)
    grants = scope.credits.grants_by_number(sorted({entry.grant_id for entry in written}))
    return ReversedOut(items=[EntryOut.of(entry, grants, runtime.numbers) for entry in written])


def _number(scope: Scope, workspace_id: str) -> int:
    return scope.workspaces.get(decode_id(WORKSPACE, workspace_id)).id
