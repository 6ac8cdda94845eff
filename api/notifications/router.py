"""`/v1/alerts` and `/v1/notifications`: what one wants to be told of, and what one was told."""

from typing import Annotated

from fastapi import Query

from api.deps import PageDep, Person, ScopeDep, WorkspaceCaller, WorkspaceViewer
from api.notifications.schemas import (
    AlertOut,
    NotificationOut,
    PreferencesIn,
    PreferencesOut,
    ThresholdChangeIn,
    ThresholdIn,
    ThresholdOut,
    ThresholdPreviewIn,
    ThresholdPreviewOut,
    UnreadOut,
)
from api.openapi import problems
from api.routing import router
from api.schemas import PageOut
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import NOTIFICATION, THRESHOLD, decode_id
from ccmanage.core.pagination import Page
from ccmanage.notifications.models import ThresholdKind
from ccmanage.notifications.service import Asker
from ccmanage.workspaces.models import MemberRole

alerts = router("/v1/alerts", "alerts")
notifications = router("/v1/notifications", "notifications")


@alerts.get("")
def list_(me: WorkspaceViewer, scope: ScopeDep, ask: PageDep) -> PageOut[AlertOut]:
    """List the alerts of the workspace and one's own, newest first."""
    return PageOut[AlertOut].of(scope.thresholds.alerts(_asker(me, scope), ask), AlertOut.of)


@alerts.get("/thresholds")
def thresholds(me: WorkspaceViewer, scope: ScopeDep) -> PageOut[ThresholdOut]:
    """List the thresholds of the workspace and one's own: twenty each at most."""
    return PageOut[ThresholdOut].of(Page(scope.thresholds.list_for(_asker(me, scope))), ThresholdOut.of)


@alerts.post("/thresholds", status_code=201)
def set_threshold(me: WorkspaceViewer, scope: ScopeDep, body: ThresholdIn) -> ThresholdOut:
    """Set a threshold for oneself; managers also set shared ones, of which all managers are told."""
    return ThresholdOut.of(scope.thresholds.create(_asker(me, scope), body.to_domain()))


@alerts.patch("/thresholds/{threshold_id}")
def change_threshold(me: WorkspaceViewer, scope: ScopeDep, threshold_id: str, body: ThresholdChangeIn) -> ThresholdOut:
    """Change a threshold. With another value it is armed anew."""
    asker, number = _asker(me, scope), decode_id(THRESHOLD, threshold_id)
    kind = ThresholdKind(scope.thresholds.get(asker, number).kind)
    return ThresholdOut.of(scope.thresholds.change(asker, number, body.to_domain(kind)))


@alerts.post("/thresholds/{threshold_id}/remove", status_code=204)
def remove_threshold(me: WorkspaceViewer, scope: ScopeDep, threshold_id: str) -> None:
    """Take a threshold away. The alerts that it became stay in the list."""
    scope.thresholds.remove(_asker(me, scope), decode_id(THRESHOLD, threshold_id))


@alerts.post("/preview")
def preview(me: WorkspaceViewer, scope: ScopeDep, body: ThresholdPreviewIn) -> ThresholdPreviewOut:
    """Tell when a threshold would have fired in the last month. Nothing is changed."""
    kind, value = body.to_domain()
    return ThresholdPreviewOut.of(scope.alert_preview.of(me.workspace_id, kind, value, _asker(me, scope).zone))


@notifications.get("")
def list_notifications(
    me: Person,
    scope: ScopeDep,
    ask: PageDep,
    unread: Annotated[bool, Query(description="Only what was not read.")] = False,
) -> PageOut[NotificationOut]:
    """List what one was told, newest first."""
    return PageOut[NotificationOut].of(scope.notifications.page(me.user_id, ask, unread=unread), NotificationOut.of)


@notifications.get("/unread")
def unread(me: Person, scope: ScopeDep) -> UnreadOut:
    """Count what was not read."""
    return UnreadOut(unread=scope.notifications.unread(me.user_id))


@notifications.post("/{notification_id}/read", responses=problems(404))
def read(me: Person, scope: ScopeDep, notification_id: str) -> NotificationOut:
    """Mark one as read."""
    return NotificationOut.of(scope.notifications.read(me.user_id, decode_id(NOTIFICATION, notification_id)))


@notifications.post("/read-all")
def read_all(me: Person, scope: ScopeDep) -> UnreadOut:
    """Mark all as read."""
    scope.notifications.read_all(me.user_id)
    return UnreadOut(unread=0)


@notifications.get("/preferences")
def preferences(me: Person, scope: ScopeDep) -> PreferencesOut:
    """Return how one is written to."""
    return PreferencesOut.of(scope.notifications.wishes(me.user_id), scope.accounts.by_number(me.user_id).time_zone)


@notifications.patch("/preferences")
def set_preferences(me: Person, scope: ScopeDep, body: PreferencesIn) -> PreferencesOut:
    """Change how one is written to. Mails that wait follow it."""
    account = scope.accounts.by_number(me.user_id)
    return PreferencesOut.of(scope.notifications.wish(account, body.to_domain()), account.time_zone)


def _asker(me: WorkspaceCaller, scope: Scope) -> Asker:
    manages = me.membership.role >= MemberRole.MANAGER
    return Asker(me.workspace_id, me.user_id, manages, scope.accounts.by_number(me.user_id).time_zone)
