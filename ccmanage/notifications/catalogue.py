"""Every kind of thing that is told, whom it concerns, and which deeds of the audit log it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Concerns(Enum):
    """Whose list in the portal it appears in."""

    NOBODY = 0  # webhooks only
    MANAGERS = 1  # managers and owners of the workspace
    ADMINS = 2  # administrators of the installation


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of happening. `mails` is whether people get a mail as well, if they like."""

    name: str
    concerns: Concerns
    mails: bool = False
    installation: bool = False


ALERT: Final = "alert.fired"
TEST: Final = "webhook.test"
WEBHOOK_DISABLED: Final = "webhook.disabled"
GATEWAY_SILENT: Final = "gateway.silent"
QUARANTINE_GROWN: Final = "quarantine.grown"
PRICES_MISSING: Final = "prices.missing"
BOOKS_BROKEN: Final = "books.broken"
INBOX_DELAYED: Final = "inbox.delayed"
SUBSCRIPTION_STARTED: Final = "subscription.started"
SUBSCRIPTION_RENEWED: Final = "subscription.renewed"
SUBSCRIPTION_CHANGED: Final = "subscription.changed"
SUBSCRIPTION_ENDED: Final = "subscription.ended"

_KINDS = (
    Kind(ALERT, Concerns.MANAGERS, mails=True),
    Kind("grant.made", Concerns.MANAGERS),
    Kind("grant.voided", Concerns.MANAGERS),
    Kind(SUBSCRIPTION_STARTED, Concerns.MANAGERS),
    Kind(SUBSCRIPTION_RENEWED, Concerns.NOBODY),
    Kind(SUBSCRIPTION_CHANGED, Concerns.MANAGERS),
    Kind(SUBSCRIPTION_ENDED, Concerns.MANAGERS),
    Kind("key.created", Concerns.NOBODY),
    Kind("key.rotated", Concerns.NOBODY),
    Kind("key.revoked", Concerns.NOBODY),
    Kind(WEBHOOK_DISABLED, Concerns.MANAGERS, mails=True),
    Kind(TEST, Concerns.NOBODY),
    Kind(GATEWAY_SILENT, Concerns.ADMINS, mails=True, installation=True),
    Kind(QUARANTINE_GROWN, Concerns.ADMINS, mails=True, installation=True),
    Kind(PRICES_MISSING, Concerns.ADMINS, mails=True, installation=True),
    Kind(BOOKS_BROKEN, Concerns.ADMINS, mails=True, installation=True),
    Kind(INBOX_DELAYED, Concerns.ADMINS, mails=True, installation=True),
    Kind("gateway.created", Concerns.NOBODY, installation=True),
    Kind("gateway.revoked", Concerns.NOBODY, installation=True),
)
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _KINDS}

# What may be chosen for a webhook; a test always arrives.
OF_WORKSPACES: Final = tuple(kind.name for kind in _KINDS if not kind.installation and kind.name != TEST)
OF_INSTALLATION: Final = tuple(kind.name for kind in _KINDS if kind.name != TEST)


@dataclass(frozen=True, slots=True)
class Deed:
    """What a deed of the audit log is told as, and which of its details may be told."""

    kind: str
    details: tuple[str, ...] = ()


DEEDS: Final[Mapping[str, Deed]] = {
    "credits.grant": Deed("grant.made", ("credits", "origin")),
    "credits.void": Deed("grant.voided"),
    "keys.issue": Deed("key.created"),
    "keys.rotate": Deed("key.rotated"),
    "keys.revoke": Deed("key.revoked"),
    "subscriptions.pause": Deed(SUBSCRIPTION_CHANGED),
    "gateways.create": Deed("gateway.created", ("name",)),
    "gateways.revoke": Deed("gateway.revoked"),
}
