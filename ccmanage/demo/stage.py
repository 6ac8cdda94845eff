"""Sets the stage: the demo's people, workspace, keys, packages, credits and gateway, in one transaction."""

import secrets
from dataclasses import dataclass

from ccmanage.accounts.models import Role
from ccmanage.accounts.values import NewAccount
from ccmanage.bootstrap import Runtime, Scope
from ccmanage.core.clock import DAY
from ccmanage.core.ids import GATEWAY, KEY, encode_id
from ccmanage.core.money import parse_credits
from ccmanage.core.pagination import PageRequest
from ccmanage.credits.models import Origin
from ccmanage.credits.service import NewGrant
from ccmanage.demo.cast import GATEWAY as GATEWAY_NAME
from ccmanage.demo.cast import KEYS, PACKAGES, PEOPLE, TEAM, TEAM_PACKAGE, Package
from ccmanage.gateways.service import GatewayScope
from ccmanage.packages.limits import KeyLimits
from ccmanage.packages.rules import OverdraftTerms, Period, PeriodKind, RolloverTerms, ShownPrice, Terms
from ccmanage.packages.service import NewPackage, Offer
from ccmanage.subscriptions.service import Assignment
from ccmanage.workspaces.models import MemberRole


@dataclass(frozen=True, slots=True)
class Stage:
    """What the story needs: the gateway and its token, and the keys' ids by name."""

    gateway_id: str
    token: str
    key_ids: dict[str, str]


def is_empty(runtime: Runtime) -> bool:
    """Tell whether nobody has worked here yet: one person, no gateway, no key."""
    with runtime.read() as scope:
        return scope.accounts.count() == 1 and not scope.gateways.count_active() and not scope.keys.count_active()


def set_stage(runtime: Runtime) -> Stage:
    """Create everything for the demo; the one person who is there owns the team's workspace."""
    # Nobody signs in as these people: their passwords are made up and forgotten.
    hashes = {person.handle: runtime.passwords.hash(secrets.token_urlsafe(24)) for person in PEOPLE}
    return runtime.run(lambda scope: _create(scope, hashes))


def _create(scope: Scope, hashes: dict[str, str]) -> Stage:
    (admin,) = scope.accounts.page(PageRequest()).items
    team = scope.workspaces.open_shared(TEAM, admin.public_id)
    numbers = {"admin": admin.id}
    for person in PEOPLE:
        account = scope.accounts.create(
            NewAccount(
                email=f"{person.handle}@northwind.example",
                name=person.name,
                password_hash=hashes[person.handle],
                role=Role.USER,
                time_zone=person.time_zone,
            )
        )
        role = MemberRole.MANAGER if person.handle == "mira" else MemberRole.MEMBER
        scope.workspaces.add_member(team.id, account.public_id, role)
        numbers[person.handle] = account.id
    home = scope.workspaces.membership(admin.id, None).workspace_id
    key_ids = {}
    for key in KEYS:
        issued = scope.keys.issue(home if key.person == "admin" else team.id, numbers[key.person], key.name)
        key_ids[key.name] = encode_id(KEY, issued.key.public_id)
    offers = {package.name: _publish(scope, package) for package in PACKAGES}
    # Three weeks into its month: the next allowance is near, and the month's work has used most of this one.
    plan = Assignment(offers[TEAM_PACKAGE].version, "Europe/Berlin", anchor_at=scope.clock.now_ms() - 21 * DAY)
    scope.subscriptions.assign(team.id, plan, "The team's plan")
    _give(scope, team.id, home)
    gateway = scope.gateways.create(GATEWAY_NAME, tuple(GatewayScope))
    return Stage(encode_id(GATEWAY, gateway.gateway.public_id), gateway.token, key_ids)


def _publish(scope: Scope, package: Package) -> Offer:
    """Publish a package that owners may choose."""
    allowance = parse_credits(package.allowance)
    terms = Terms(
        allowance,
        Period(PeriodKind.MONTH),
        RolloverTerms(percent=50, cap_nano=allowance, max_periods=1),
        OverdraftTerms(parse_credits(package.overdraft)),
        price=ShownPrice(parse_credits(package.price), "USD"),
        key_limits=KeyLimits(max_keys=package.max_keys),
    )
    drafted = scope.packages.create(NewPackage(package.name, terms, package.description, listed=True)).package
    scope.packages.publish(drafted.public_id, drafted.revision)
    return scope.packages.offer(drafted.public_id)


def _give(scope: Scope, team: int, home: int) -> None:
    """Give credits of several kinds: one that is used up, one that runs out soon, one that starts later."""
    now = scope.clock.now_ms()
    for workspace, credits, origin, starts, ends, reason in (
        (team, "15", Origin.COMPENSATION, 0, 0, "An outage in the first week"),
        (team, "100", Origin.TOP_UP, 0, 0, "Bought for the quarter"),
        (team, "40", Origin.VOUCHER, now + 9 * DAY, now + 39 * DAY, "Voucher for next month"),
        (home, "40", Origin.TOP_UP, 0, 0, "To begin with"),
    ):
        new = NewGrant(parse_credits(credits), origin, effective_at=starts, expires_at=ends)
        scope.credits.grant(workspace, new, reason)
