"""`/v1/packages`: what the owner of a workspace can choose."""

from api.deps import ScopeDep, WorkspaceViewer
from api.packages.schemas import PackageOut
from api.routing import router
from api.schemas import PageOut
from ccmanage.core.pagination import Page

packages = router("/v1/packages", "packages")


@packages.get("")
def list_(me: WorkspaceViewer, scope: ScopeDep) -> PageOut[PackageOut]:
    """List the packages that can be chosen; there are few, so they come in one page."""
    return PageOut[PackageOut].of(Page(scope.packages.offers()), PackageOut.of)
