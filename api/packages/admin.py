"""`/v1/admin/packages`: draft, publish and archive packages, see who is on which version, move subscribers."""

from typing import Annotated

from fastapi import Query

from api.deps import Admin, PageDep, ScopeDep
from api.openapi import problems
from api.packages.schemas import (
    AdminPackageOut,
    ArchiveIn,
    DraftIn,
    PackageCreateIn,
    PackageUpdateIn,
    PublishIn,
)
from api.routing import router
from api.schemas import PageOut
from api.subscriptions.bulk import LinesOut, MoveIn
from ccmanage.bootstrap import Scope
from ccmanage.core.ids import PACKAGE, decode_id
from ccmanage.packages.service import PackageChange, PackageView
from ccmanage.subscriptions.bulk import Deed, Stretch

packages = router("/v1/admin/packages", "admin packages")


@packages.get("")
def list_(
    caller: Admin,
    scope: ScopeDep,
    ask: PageDep,
    archived: Annotated[bool | None, Query(description="Only archived packages, or only the others.")] = None,
) -> PageOut[AdminPackageOut]:
    """List packages with their versions, newest first."""
    page = scope.packages.page(ask, archived=archived)
    counts = scope.subscription_views.subscribers([one.id for view in page.items for one in view.versions])
    return PageOut[AdminPackageOut].of(page, lambda view: AdminPackageOut.of(view, dict(counts)))


@packages.post("", status_code=201)
def create(caller: Admin, scope: ScopeDep, body: PackageCreateIn) -> AdminPackageOut:
    """Draft a package. Nobody can have it before it is published."""
    return _out(scope, scope.packages.create(body.to_domain()))


@packages.get("/{package_id}")
def get(caller: Admin, scope: ScopeDep, package_id: str) -> AdminPackageOut:
    """Return a package with its versions and how many are on each."""
    return _out(scope, scope.packages.get(decode_id(PACKAGE, package_id)))


@packages.patch("/{package_id}")
def update(caller: Admin, scope: ScopeDep, package_id: str, body: PackageUpdateIn) -> AdminPackageOut:
    """Rename, describe, list or unlist a package."""
    change = PackageChange(body.name, body.description, body.listed)
    return _out(scope, scope.packages.change(decode_id(PACKAGE, package_id), body.revision, change))


@packages.put("/{package_id}/draft")
def draft(caller: Admin, scope: ScopeDep, package_id: str, body: DraftIn) -> AdminPackageOut:
    """Write the next version, as often as one likes until it is published."""
    terms = body.terms.to_domain()
    return _out(scope, scope.packages.write_draft(decode_id(PACKAGE, package_id), body.revision, terms))


@packages.post("/{package_id}/publish")
def publish(caller: Admin, scope: ScopeDep, package_id: str, body: PublishIn) -> AdminPackageOut:
    """Publish the draft, which never changes again. Subscribers of earlier versions stay until they are moved."""
    return _out(scope, scope.packages.publish(decode_id(PACKAGE, package_id), body.revision))


@packages.post("/{package_id}/archive")
def archive(caller: Admin, scope: ScopeDep, package_id: str, body: ArchiveIn) -> AdminPackageOut:
    """Take no new subscribers any more; those that are there keep what they have."""
    return _out(scope, scope.packages.archive(decode_id(PACKAGE, package_id), body.revision, body.reason))


@packages.post("/{package_id}/move", responses=problems(404, 409))
def move(caller: Admin, scope: ScopeDep, package_id: str, body: MoveIn) -> LinesOut:
    """Move subscribers of a package's versions to a published one, up to 500 at a time, or only show what that does."""
    view = scope.packages.get(decode_id(PACKAGE, package_id))
    target = scope.packages.offer(decode_id(PACKAGE, body.to_package_id or package_id)).version
    wanted = [one.id for one in view.versions if body.from_version in (None, one.number)]
    stretch, deed = Stretch(body.after()), Deed(body.dry_run, body.reason)
    return LinesOut.of(scope, scope.subscription_bulk.move(wanted, target, body.timing(), stretch, deed))


def _out(scope: Scope, view: PackageView) -> AdminPackageOut:
    counts = scope.subscription_views.subscribers([version.id for version in view.versions])
    return AdminPackageOut.of(view, dict(counts))
