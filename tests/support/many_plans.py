"""Thousands of subscriptions that are due at one instant, inserted in bulk; the books stay true."""

from __future__ import annotations

from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import DAY
from ccmanage.core.ids import new_id
from ccmanage.core.money import NANO
from ccmanage.core.sql import BulkInsert
from ccmanage.credits import rules
from ccmanage.packages.rules import Period, PeriodKind, RolloverTerms, Terms
from ccmanage.packages.service import NewPackage
from ccmanage.subscriptions.states import Cause, State
from ccmanage.workspaces.models import WorkspaceKind, WorkspaceState

TERMS = Terms(100 * NANO, Period(PeriodKind.DAY), RolloverTerms(percent=50, max_periods=1))
_WORKSPACES = BulkInsert("workspaces", ("id", "public_id", "name", "kind", "state", "created_at"), "ibbiii")
_BALANCES = BulkInsert(
    "balances",
    ("workspace_id", "balance_nano", "debt_nano", "spent_nano", "seq", "last_hash", "updated_at"),
    "iiiiibi",
)
_RENEWALS = BulkInsert(
    "renewals",
    ("id", "subscription_id", "workspace_id", "version_id", "cause", "start_at", "end_at", "allowance_nano", "at"),
    "iiiiiiiii",
)
_SUBSCRIPTIONS = BulkInsert(
    "subscriptions",
    (
        "id", "public_id", "workspace_id", "live_workspace_id", "package_id", "version_id", "pending_version_id",
        "state", "anchor_at", "zone", "period_start_at", "period_end_at", "renewal_id", "ends_at", "cancels",
        "paused_at", "next_attempt_at", "tries", "error", "created_at", "updated_at",
    ),
    "ibiiiiiiibiiiiiiiibii",
)  # fmt: skip


def subscribe_many(runtime: Runtime, count: int, due_at: int, *, first: int = 1_000) -> range:
    """Insert workspaces with a daily subscription each, whose empty first period ends at an instant.

    Returns the workspaces' numbers, which are those of subscriptions and first renewals, too. The first renewal
    closes nothing; from the second on there is an allowance to expire and to roll over.
    """
    with runtime.scope() as scope:
        package = scope.packages.create(NewPackage("Many", TERMS)).package
        scope.packages.publish(package.public_id, package.revision)
        version = scope.packages.offer(package.public_id).version
    numbers = range(first, first + count)
    began, now = due_at - DAY, runtime.clock.now_ms()
    with runtime.scope() as scope:
        connection = scope.session.connection()
        _WORKSPACES.run(
            connection,
            [(n, new_id(), b"workspace %d" % n, WorkspaceKind.SHARED, WorkspaceState.ACTIVE, now) for n in numbers],
        )
        _BALANCES.run(connection, [(n, 0, 0, 0, 0, rules.GENESIS, now) for n in numbers])
        _RENEWALS.run(connection, [(n, n, n, version.id, Cause.ASSIGNED, began, due_at, 0, now) for n in numbers])
        standing = (0, int(State.ACTIVE), began, b"Europe/Berlin", began, due_at)
        _SUBSCRIPTIONS.run(
            connection,
            [
                (n, new_id(), n, n, package.id, version.id, *standing, n, 0, 0, 0, due_at, 0, b"", now, now)
                for n in numbers
            ],
        )
    return numbers
