"""`/v1/admin/subscriptions`: assign, change, extend, pause, reset; the calendar of resets and the proof of each."""

from typing import Annotated

from fastapi import Depends, Query

from api.deps import Admin, PageDep, RuntimeDep, ScopeDep
from api.openapi import problems
from api.routing import router
from api.schemas import Credits, In, MomentIn, Out, PageOut, Reason, ReasonIn
from api.subscriptions.bulk import LinesOut, ResetIn
from api.subscriptions.schemas import (
    AdminApplyIn,
    AdminSubscriptionOut,
    AppliedOut,
    PreviewIn,
    PreviewOut,
    ProofOut,
    StateName,
    TimeZone,
)
from ccmanage.bootstrap import Scope
from ccmanage.core.clock import DAY
from ccmanage.core.errors import invalid
from ccmanage.core.ids import PACKAGE, PREVIEW, SUBSCRIPTION, WORKSPACE, decode_id
from ccmanage.core.pagination import Page
from ccmanage.subscriptions.bulk import Deed, Lines
from ccmanage.subscriptions.changes import Change
from ccmanage.subscriptions.models import Action
from ccmanage.subscriptions.service import Assignment
from ccmanage.subscriptions.states import State
from ccmanage.subscriptions.views import SubscriptionView

_COMING_MS = 31 * DAY


async def _coming(
    runtime: RuntimeDep,
    from_: Annotated[MomentIn | None, Query(alias="from", description="From when on; now, unless told.")] = None,
    to: Annotated[MomentIn | None, Query(description="Until when; 31 days later, unless told.")] = None,
) -> tuple[int, int]:
    start = runtime.clock.now_ms() if from_ is None else from_
    return start, start + _COMING_MS if to is None else to


ComingDep = Annotated[tuple[int, int], Depends(_coming)]
subscriptions = router("/v1/admin/subscriptions", "admin subscriptions")


class AssignIn(In):
    """Who gets what. Without an anchor periods are counted from now; `ends_at` is moved to its period's end."""

    workspace_id: str
    package_id: str
    anchor_at: MomentIn | None = None
    time_zone: TimeZone = "UTC"
    ends_at: MomentIn | None = None
    trial: bool = True
    reason: Reason


class ExtendIn(In):
    """The new end, moved to the end of the period in which it lies; null for none."""

    ends_at: MomentIn | None
    reason: Reason


class DayOut(Out):
    """A day of the zone asked for, and what is reset on it."""

    day: str
    resets: int
    allowances: Credits


class CalendarOut(Out):
    """The next reset of each subscription: summed by day, and one by one in their order."""

    days: list[DayOut]
    items: list[AdminSubscriptionOut]
    next_cursor: str | None


@subscriptions.get("", responses=problems(404))
def list_(
    caller: Admin,
    scope: ScopeDep,
    ask: PageDep,
    state: StateName | None = None,
    package_id: Annotated[str | None, Query(description="Only subscriptions to this package (`pkg_…`).")] = None,
    failed: Annotated[bool, Query(description="Only those whose renewal is set aside.")] = False,
) -> PageOut[AdminSubscriptionOut]:
    """List subscriptions, newest first."""
    package = scope.packages.get(decode_id(PACKAGE, package_id)).package.id if package_id else None
    wanted = State[state.upper()] if state else None
    page = scope.subscription_views.page(ask, state=wanted, package_id=package, failed=failed)
    return _page(scope, page)


@subscriptions.post("", status_code=201, responses=problems(404))
def assign(caller: Admin, scope: ScopeDep, body: AssignIn) -> AdminSubscriptionOut:
    """Subscribe a workspace to a package's published version."""
    workspace = scope.workspaces.get(decode_id(WORKSPACE, body.workspace_id))
    wanted = Assignment(
        version=scope.packages.offer(decode_id(PACKAGE, body.package_id)).version,
        zone=body.time_zone,
        anchor_at=body.anchor_at or 0,
        ends_at=body.ends_at or 0,
        trial=body.trial,
    )
    return _out(scope, scope.subscriptions.assign(workspace.id, wanted, body.reason))


@subscriptions.get("/calendar")
def calendar(
    caller: Admin,
    scope: ScopeDep,
    ask: PageDep,
    span: ComingDep,
    tz: Annotated[str, Query(max_length=64, description="The zone whose days are meant.")] = "UTC",
) -> CalendarOut:
    """Tell what is reset when: the next reset of each subscription, the soonest first. The next month, unless told."""
    days = scope.plan_report.days(*span, tz)
    page = _page(scope, scope.subscription_views.upcoming(*span, ask))
    return CalendarOut(
        days=[DayOut(day=one.day, resets=one.resets, allowances=one.granted_nano) for one in days],
        items=page.items,
        next_cursor=page.next_cursor,
    )


@subscriptions.post("/reset", responses=problems(404))
def reset(caller: Admin, scope: ScopeDep, body: ResetIn) -> LinesOut:
    """End periods now as if their ends had come, and begin new ones; or only show what that does."""
    deed = Deed(body.dry_run, body.reason)
    if (body.subscription_ids is None) == (body.package_id is None):
        raise invalid("/subscription_ids", "reset.whom", "Name subscriptions, or a package.")
    if body.package_id is None:
        return LinesOut.of(
            scope, Lines(scope.subscription_bulk.reset(body.numbers(), deed, restart=body.restart), None)
        )
    versions = [version.id for version in scope.packages.get(decode_id(PACKAGE, body.package_id)).versions]
    return LinesOut.of(scope, scope.subscription_bulk.reset_package(versions, body.after(), deed, restart=body.restart))


@subscriptions.get("/{subscription_id}")
def get(caller: Admin, scope: ScopeDep, subscription_id: str) -> AdminSubscriptionOut:
    """Return a subscription."""
    return _out(scope, _view(scope, subscription_id))


@subscriptions.get("/{subscription_id}/periods")
def periods(
    caller: Admin, scope: ScopeDep, runtime: RuntimeDep, subscription_id: str, ask: PageDep
) -> PageOut[ProofOut]:
    """List what each reset of a subscription wrote, newest first."""
    page = scope.plan_report.proofs(_view(scope, subscription_id).standing.id, ask)
    return PageOut[ProofOut].of(page, lambda proof: ProofOut.of(proof, runtime.numbers))


@subscriptions.post("/{subscription_id}/preview", status_code=201, responses=problems(404))
def preview(caller: Admin, scope: ScopeDep, subscription_id: str, body: PreviewIn) -> PreviewOut:
    """Show the very entries that a change or a cancellation would write."""
    standing = _view(scope, subscription_id).standing
    change = body.to_domain(scope, zone=standing.zone, by_owner=False)
    return PreviewOut.of(scope.subscription_changes.preview(standing.workspace_id, change))


@subscriptions.post("/{subscription_id}/change")
def change(caller: Admin, scope: ScopeDep, subscription_id: str, body: AdminApplyIn) -> AppliedOut:
    """Carry a previewed change of package out."""
    return _apply(scope, subscription_id, body, Action.CHANGE)


@subscriptions.post("/{subscription_id}/cancel")
def cancel(caller: Admin, scope: ScopeDep, subscription_id: str, body: AdminApplyIn) -> AppliedOut:
    """Carry a previewed cancellation out."""
    return _apply(scope, subscription_id, body, Action.CANCEL)


@subscriptions.post("/{subscription_id}/keep")
def keep(caller: Admin, scope: ScopeDep, subscription_id: str, body: ReasonIn) -> AdminSubscriptionOut:
    """Take back a cancellation or a change that waits for the period's end."""
    return _out(scope, scope.subscriptions.keep(decode_id(SUBSCRIPTION, subscription_id), body.reason))


@subscriptions.post("/{subscription_id}/extend")
def extend(caller: Admin, scope: ScopeDep, subscription_id: str, body: ExtendIn) -> AdminSubscriptionOut:
    """Move the end, or take it away. One that is past its end begins a new period."""
    number = decode_id(SUBSCRIPTION, subscription_id)
    return _out(scope, scope.subscriptions.extend(number, body.ends_at or 0, body.reason))


@subscriptions.post("/{subscription_id}/pause")
def pause(caller: Admin, scope: ScopeDep, subscription_id: str, body: ReasonIn) -> AdminSubscriptionOut:
    """Let no further period begin; what was given stays until its period ends."""
    return _out(scope, scope.subscriptions.pause(decode_id(SUBSCRIPTION, subscription_id), body.reason))


@subscriptions.post("/{subscription_id}/resume")
def resume(caller: Admin, scope: ScopeDep, subscription_id: str) -> AdminSubscriptionOut:
    """Go on after a pause. If the period is over, a new one begins now."""
    return _out(scope, scope.subscriptions.resume(decode_id(SUBSCRIPTION, subscription_id)))


@subscriptions.post("/{subscription_id}/retry")
def retry(caller: Admin, scope: ScopeDep, subscription_id: str) -> AdminSubscriptionOut:
    """Try a renewal that was set aside again now."""
    return _out(scope, scope.subscriptions.retry(decode_id(SUBSCRIPTION, subscription_id)))


def _view(scope: Scope, subscription_id: str) -> SubscriptionView:
    return scope.subscription_views.get(decode_id(SUBSCRIPTION, subscription_id))


def _out(scope: Scope, view: SubscriptionView) -> AdminSubscriptionOut:
    number = view.standing.workspace_id
    return AdminSubscriptionOut.of_workspace(view, scope.workspaces.named([number])[number])


def _page(scope: Scope, page: Page[SubscriptionView]) -> PageOut[AdminSubscriptionOut]:
    workspaces = scope.workspaces.named(view.standing.workspace_id for view in page.items)
    return PageOut[AdminSubscriptionOut].of(
        page, lambda view: AdminSubscriptionOut.of_workspace(view, workspaces[view.standing.workspace_id])
    )


def _apply(scope: Scope, subscription_id: str, body: AdminApplyIn, action: Action) -> AppliedOut:
    standing = _view(scope, subscription_id).standing
    asked = Change(action, zone=standing.zone, by_owner=False)
    preview_id = decode_id(PREVIEW, body.preview_id)
    return AppliedOut.of(scope.subscription_changes.apply(standing.workspace_id, preview_id, asked, body.reason))
