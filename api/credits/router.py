"""Balance, grants and ledger of a workspace. They are shared: every member sees them."""

from api.credits.schemas import KIND_OF, BalanceOut, EntryKindName, EntryOut, GrantOut
from api.deps import PageDep, RuntimeDep, ScopeDep, WorkspaceViewer
from api.routing import router
from api.schemas import PageOut
from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.pagination import PageRequest
from ccmanage.credits.models import Reference

credits = router("/v1/credits", "credits")


@credits.get("/balance")
def balance(me: WorkspaceViewer, scope: ScopeDep) -> BalanceOut:
    """Return what the workspace has, and when it will be gone at the pace of the last week."""
    return BalanceOut.of(scope.balance_report.of(me.workspace_id))


@credits.get("/grants")
def grants(me: WorkspaceViewer, scope: ScopeDep, ask: PageDep) -> PageOut[GrantOut]:
    """List all grants, newest first."""
    return PageOut[GrantOut].of(scope.credits.grants_page(me.workspace_id, ask), GrantOut.of)


@credits.get("/ledger")
def ledger(
    me: WorkspaceViewer, scope: ScopeDep, runtime: RuntimeDep, ask: PageDep, kind: EntryKindName | None = None
) -> PageOut[EntryOut]:
    """List movements, newest first."""
    return ledger_page(scope, runtime, me.workspace_id, kind, ask)


def ledger_page(
    scope: Scope, runtime: Runtime, workspace_id: int, kind: EntryKindName | None, ask: PageRequest
) -> PageOut[EntryOut]:
    """Return a page of a workspace's ledger, with one query for all grants that it names."""
    page = scope.credits.ledger_page(workspace_id, KIND_OF[kind] if kind else None, ask)
    named = {entry.grant_id for entry in page.items if entry.grant_id}
    named |= {entry.ref_id for entry in page.items if entry.ref_kind == Reference.GRANT}
    grants = scope.credits.grants_by_number(sorted(named))
    return PageOut[EntryOut].of(page, lambda entry: EntryOut.of(entry, grants, runtime.numbers))
