"""Every mail of the product: its values, whether one can do without it, samples for a preview.

Values are flat texts. Besides its own, each template can use `name` (who reads it, may be empty), `brand` (the name
of this installation) and `portal` (its address). Texts stand in `templates/<language>/<template>.txt`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LANGUAGES: Final = ("en", "zh")
COMMON: Final = ("name", "brand", "portal")


class MailKind(StrEnum):
    """Whether one can do without a mail."""

    SERVICE = "service"
    # Carries a link and the headers by which one click stops more of them.
    NOTIFICATION = "notification"


@dataclass(frozen=True, slots=True)
class Template:
    """A mail: which values it takes, each with a sample. Secret values let somebody in: they are never shown."""

    name: str
    samples: Mapping[str, str]
    kind: MailKind = MailKind.SERVICE
    secrets: frozenset[str] = field(default=frozenset())

    @property
    def is_notification(self) -> bool:
        """Tell whether its readers can stop it."""
        return self.kind is MailKind.NOTIFICATION


_SECRET_LINK = frozenset({"link"})
_AT = "24 November 2026, 09:30 (CET)"
_HOST = "https://cc.example.com"
_DEVICE = {"at": _AT, "device": "Firefox on Linux", "network": "192.0.2.0/24"}


def _service(name: str, **samples: str) -> Template:
    return Template(name, samples)


def _letting_in(name: str, **samples: str) -> Template:
    return Template(name, samples, secrets=_SECRET_LINK)


def _notice(name: str, **samples: str) -> Template:
    return Template(name, samples, MailKind.NOTIFICATION)


_ALL = (
    _letting_in("accounts.verify", link=f"{_HOST}/verify#t=Zk3…", hours="24"),
    _letting_in("accounts.reset", link=f"{_HOST}/reset#t=Zk3…", minutes="30"),
    _service("accounts.password_changed", **_DEVICE, link=f"{_HOST}/forgot"),
    _letting_in("accounts.address_confirm", link=f"{_HOST}/confirm-address#t=Zk3…", hours="24"),
    _service("accounts.already", link=f"{_HOST}/sign-in", forgot=f"{_HOST}/forgot"),
    _service("accounts.address_asked", address="a…n@example.org", at=_AT, link=f"{_HOST}/profile"),
    _letting_in(
        "accounts.address_changed_old",
        address="a…n@example.org",
        at=_AT,
        link=f"{_HOST}/undo-address#t=Zk3…",
        days="7",
    ),
    _service("accounts.address_changed_new", at=_AT, link=f"{_HOST}/profile"),
    _letting_in("accounts.invited", inviter="Ben Weber", link=f"{_HOST}/invited#t=Zk3…", days="7"),
    _service("accounts.new_sign_in", **_DEVICE, link=f"{_HOST}/security"),
    # change: on, off, reset, codes
    _service("accounts.factor_changed", change="on", **_DEVICE, link=f"{_HOST}/security"),
    # keys: revoked, handed
    _service("accounts.suspended", at=_AT, keys="revoked"),
    _service("accounts.deletion_requested", on="1 December 2026, 09:30 (CET)", link=f"{_HOST}/profile"),
    _service("accounts.export_ready", link=f"{_HOST}/profile", hours="24"),
    # role: owner, manager, member, viewer
    _letting_in(
        "workspaces.invited",
        workspace="Data team",
        inviter="Ben Weber",
        role="member",
        link=f"{_HOST}/join#t=Zk3…",
        days="7",
    ),
    _service("workspaces.removed", workspace="Data team"),
    _service("workspaces.ownership", workspace="Data team", previous="Ben Weber", link=f"{_HOST}/workspace"),
    _service(
        "credits.request_made",
        workspace="Data team",
        person="Ann Example",
        amount="500",
        reason="Migration of the old service",
        link=f"{_HOST}/admin/credit-requests",
    ),
    # decision: approved, denied; expires, reason: may be empty
    _service(
        "credits.request_decided",
        workspace="Data team",
        decision="approved",
        amount="500",
        expires="",
        reason="Good luck!",
        link=f"{_HOST}/credits",
    ),
    _service(
        "subscriptions.changed",
        workspace="Data team",
        package="Team plus",
        previous="Team",
        at=_AT,
        link=f"{_HOST}/credits",
    ),
    _service("subscriptions.ended", workspace="Data team", package="Team", at=_AT, link=f"{_HOST}/credits"),
    # workspace: empty = the installation; alert, limit, value: written for people, in their language
    _notice(
        "alerts.threshold",
        workspace="Data team",
        alert="Less than 20 % of the allowance left",
        limit="20 %",
        value="18.4 %",
        at=_AT,
        link=f"{_HOST}/alerts",
    ),
    # lines: one alert a line
    _notice(
        "alerts.digest",
        workspace="Data team",
        count="2",
        lines="Less than 20 % of the allowance left (18.4 %)\nMore than 50 credits spent today (61.2)",
        link=f"{_HOST}/alerts",
    ),
    _service(
        "webhooks.disabled",
        workspace="Data team",
        webhook="Alerts for the chat",
        failures="37",
        since=_AT,
        link=f"{_HOST}/webhooks",
    ),
    _notice("gateways.silent", gateway="LiteLLM in Frankfurt", last_post=_AT, link=f"{_HOST}/admin/gateways"),
)

TEMPLATES: Final[Mapping[str, Template]] = {template.name: template for template in _ALL}
