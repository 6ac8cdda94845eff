"""`/v1/admin/settings`: what can be changed while everything runs."""

from api.deps import Admin, ScopeDep
from api.openapi import problems
from api.routing import router
from api.settings.schemas import SettingsIn, SettingsOut

settings = router("/v1/admin/settings", "admin settings")


@settings.get("")
def list_(caller: Admin, scope: ScopeDep) -> SettingsOut:
    """Return every setting with its bounds, its default and what holds now; there are few, so all come at once."""
    return SettingsOut.of(scope.settings.all())


@settings.patch("", responses=problems(409))
def update(caller: Admin, scope: ScopeDep, body: SettingsIn) -> SettingsOut:
    """Change settings, all or none. Every process knows within two seconds."""
    return SettingsOut.of(scope.settings.change(body.to_domain()))
