"""Packages and subscriptions for tests: published in one call, renewed by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from ccmanage.core.clock import DAY
from ccmanage.core.money import NANO
from ccmanage.packages.rules import Period, PeriodKind, Terms
from ccmanage.packages.service import NewPackage, Offer
from ccmanage.subscriptions.service import Assignment
from ccmanage.subscriptions.views import SubscriptionView
from ccmanage.workspaces.models import Workspace
from support.books import assert_books_clean
from support.gateway import Gateway, outcomes
from support.prices import add_flat_price
from support.world import Person, World

MONTHLY = Terms(100 * NANO, Period(PeriodKind.MONTH))


def publish(world: World, terms: Terms = MONTHLY, *, name: str = "Team", listed: bool = True, **changes: Any) -> Offer:
    """Publish a package."""
    with world.scope() as scope:
        new = NewPackage(name, replace(terms, **changes), listed=listed)
        package = scope.packages.create(new).package
        scope.packages.publish(package.public_id, package.revision)
        return scope.packages.offer(package.public_id)


def republish(world: World, offer: Offer, terms: Terms) -> Offer:
    """Publish the next version of a package."""
    with world.scope() as scope:
        package = scope.packages.get(offer.package.public_id).package
        drafted = scope.packages.write_draft(package.public_id, package.revision, terms).package
        scope.packages.publish(package.public_id, drafted.revision)
        return scope.packages.offer(package.public_id)


def assign(world: World, workspace: Workspace, offer: Offer, **options: Any) -> SubscriptionView:
    """Subscribe a workspace."""
    with world.scope() as scope:
        return scope.subscriptions.assign(workspace.id, Assignment(offer.version, **options), "for the test")


def subscribed(world: World, name: str = "Ann", **changes: Any) -> tuple[Person, SubscriptionView]:
    """Return a new person whose workspace has a new package; `zone`, `anchor_at`, `ends_at`, `trial` are options."""
    options = {key: changes.pop(key) for key in ("zone", "anchor_at", "ends_at", "trial") if key in changes}
    person = world.person(name)
    return person, assign(world, person.workspace, publish(world, **changes), **options)


def renew(world: World) -> None:
    """Renew what is due, as a worker does."""
    world.runtime.renewer.run()


def plan_of(world: World, workspace: Workspace) -> SubscriptionView:
    """Return a workspace's subscription as it stands."""
    with world.read() as scope:
        view = scope.subscription_views.find(workspace.id)
    assert view is not None
    return view


def ledger(world: World, workspace: Workspace) -> list[tuple[str, int, int]]:
    """Return kind, amount and grant number of all entries of a workspace, in order."""
    from ccmanage.credits.models import EntryKind

    rows = world.rows("ledger", f"workspace_id = {workspace.id} ORDER BY seq")
    return [(EntryKind(row["kind"]).name.lower(), row["amount_nano"], row["grant_id"]) for row in rows]


def balance(world: World, workspace: Workspace) -> tuple[int, int]:
    """Return balance and debt of a workspace."""
    [row] = world.rows("balances", f"workspace_id = {workspace.id}")
    return row["balance_nano"], row["debt_nano"]


def gateway_for(world: World, person: Person) -> Gateway:
    """Return a gateway that posts for a key of a person."""
    issued = world.key(person)
    return Gateway(world, person, issued.secret, issued.key.id, world.gateway(f"of {person.account.name}").gateway.id)


def spend(gateway: Gateway, credits: int) -> None:
    """Use whole credits through the real path: a token of this model costs one."""
    world = gateway.world
    if not world.count("prices", "pattern = 'coin'"):
        add_flat_price(world, "coin", world.clock.now_ms() - DAY, input="1000000", output="1")
    view = gateway.charge(gateway.event(id=f"coin_{next(_numbers)}", model="coin", usage={"input_tokens": credits}))
    assert outcomes(view) == ["inserted"]


_numbers = count()


def assert_clean(world: World) -> None:
    """Audit the books."""
    assert_books_clean(world.runtime.database, world.clock)
