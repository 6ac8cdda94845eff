"""`/v1/subscription`: one's own plan. Members see it; owners change it, after a preview."""

from api.deps import PageDep, RuntimeDep, ScopeDep, WorkspaceOwner, WorkspaceViewer
from api.openapi import problems
from api.routing import router
from api.schemas import PageOut
from api.subscriptions.schemas import (
    AppliedOut,
    ApplyIn,
    PlanOut,
    PreviewIn,
    PreviewOut,
    ProofOut,
    SubscriptionOut,
    WhatIfOut,
)
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import PREVIEW, decode_id
from ccmanage.core.pagination import Page
from ccmanage.subscriptions.changes import Change
from ccmanage.subscriptions.errors import SubscriptionNotFound
from ccmanage.subscriptions.models import Action

subscription = router("/v1/subscription", "subscription")


@subscription.get("")
def get(me: WorkspaceViewer, scope: ScopeDep) -> PlanOut | None:
    """Return the plan that the workspace has, or had last; null if it never had one."""
    line = scope.plan_report.of(me.workspace_id)
    return PlanOut.of_line(line) if line else None


@subscription.get("/periods")
def periods(me: WorkspaceViewer, scope: ScopeDep, runtime: RuntimeDep, ask: PageDep) -> PageOut[ProofOut]:
    """List what each reset wrote, newest first: each period once, without a gap."""
    view = scope.subscription_views.find(me.workspace_id)
    page = scope.plan_report.proofs(view.standing.id, ask) if view else Page([])
    return PageOut[ProofOut].of(page, lambda proof: ProofOut.of(proof, runtime.numbers))


@subscription.get("/what-if")
def what_if(me: WorkspaceViewer, scope: ScopeDep) -> WhatIfOut:
    """Tell what each package would have come to on the workspace's own last three months."""
    return WhatIfOut.of(scope.what_if_report.of(me.workspace_id))


@subscription.post("/preview", status_code=201, responses=problems(404))
def preview(me: WorkspaceOwner, scope: ScopeDep, body: PreviewIn) -> PreviewOut:
    """Show the very entries that a change or a cancellation would write. Nothing is changed."""
    zone = scope.accounts.by_number(me.user_id).time_zone
    change = body.to_domain(scope, zone=zone, by_owner=True)
    return PreviewOut.of(scope.subscription_changes.preview(me.workspace_id, change))


@subscription.post("/change", responses=problems(404))
def change(me: WorkspaceOwner, scope: ScopeDep, body: ApplyIn) -> AppliedOut:
    """Carry a previewed change of package out."""
    return _apply(me, scope, body, Action.CHANGE)


@subscription.post("/cancel", responses=problems(404))
def cancel(me: WorkspaceOwner, scope: ScopeDep, body: ApplyIn) -> AppliedOut:
    """Carry a previewed cancellation out."""
    return _apply(me, scope, body, Action.CANCEL)


@subscription.post("/keep", responses=problems(404))
def keep(me: WorkspaceOwner, scope: ScopeDep) -> SubscriptionOut:
    """Take back a cancellation or a change that waits for the period's end."""
    view = scope.subscription_views.find(me.workspace_id)
    if view is None:
        raise SubscriptionNotFound
    return SubscriptionOut.of(scope.subscriptions.keep(view.standing.public_id))


def _apply(me: WorkspaceOwner, scope: Scope, body: ApplyIn, action: Action) -> AppliedOut:
    zone = scope.accounts.by_number(me.user_id).time_zone
    asked = Change(action, zone=zone, by_owner=True)
    return AppliedOut.of(scope.subscription_changes.apply(me.workspace_id, decode_id(PREVIEW, body.preview_id), asked))
