"""The decision whether a key may spend, from what was read of it. Plain values; no clock, no database.

The order of the codes is fixed: whoever asks learns the first thing that stands in the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address

from ccmanage.keys.limits import Network
from ccmanage.packages.limits import Window
from ccmanage.packages.rules import UNLIMITED_NANO
from ccmanage.pricing.names import matches, normalise_model


class Code(StrEnum):
    """What verify answers. UNAVAILABLE: nobody can tell at present, and the package says to refuse then."""

    VALID = "VALID"
    NOT_FOUND = "NOT_FOUND"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    DISABLED = "DISABLED"
    WORKSPACE_SUSPENDED = "WORKSPACE_SUSPENDED"
    IP_NOT_ALLOWED = "IP_NOT_ALLOWED"
    MODEL_NOT_ALLOWED = "MODEL_NOT_ALLOWED"
    RATE_LIMITED = "RATE_LIMITED"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    INSUFFICIENT_CREDITS = "INSUFFICIENT_CREDITS"
    UNAVAILABLE = "UNAVAILABLE"


class Measure(StrEnum):
    """What a limit counts."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    CREDITS = "credits"


CONCURRENCY = "concurrency"


@dataclass(frozen=True, slots=True)
class Meter:
    """A limit in the window that runs, with what was used of it. For requests that is counted elsewhere: 0."""

    measure: Measure
    window: Window
    limit: int
    starts_at: int
    resets_at: int
    used: int = 0

    @property
    def name(self) -> str:
        """Return its name, as `tokens.day`."""
        return f"{self.measure}.{self.window}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of a key at an instant. Instants are 0 where there is none."""

    key_id: int
    key_public_id: bytes
    workspace_id: int
    workspace_public_id: bytes
    read_at: int
    is_revoked: bool = False
    expires_at: int = 0
    is_disabled: bool = False
    is_suspended: bool = False
    ip_allow: tuple[Network, ...] = ()
    ip_deny: tuple[Network, ...] = ()
    # Normalised patterns; each list that is not empty must hold the model.
    models_allow: tuple[tuple[str, ...], ...] = ()
    models_deny: tuple[str, ...] = ()
    requests: tuple[Meter, ...] = ()
    meters: tuple[Meter, ...] = ()
    concurrency: int = 0  # 0 = no limit
    balance: int = 0
    held: int = 0
    overdraft: int = 0
    resets_at: int = 0
    fail_open: bool = False
    # How long the key lives from its first use on, while that has not been.
    life_ms: int = 0

    @property
    def available(self) -> int:
        """Return what may be spent: the overdraft allowance counts, unless it has no end."""
        return self.balance - self.held + (0 if self.is_unlimited else self.overdraft)

    @property
    def is_unlimited(self) -> bool:
        """Tell whether the package lets the balance fall without end."""
        return self.overdraft >= UNLIMITED_NANO

    @property
    def holds_until(self) -> int:
        """Return when the first of its windows is over, so that the sums say nothing any more; 0 = never."""
        return min((meter.resets_at for meter in (*self.requests, *self.meters)), default=0)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a gateway wants to know."""

    model: str = ""
    ip: str = ""
    estimated_nano: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted: requests in each of the snapshot's windows, calls under way, what stands in the way."""

    requests: Sequence[int] = ()
    leases: int = 0
    blocked_by: str = ""


NO_COUNTS = Counts()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A code, and the name of the limit that it is about."""

    code: Code
    exceeded: str = ""


def gate(found: Snapshot | None, ask: Ask, now: int) -> Code:
    """Return the first thing that stands in the way whatever was used so far; VALID if nothing does."""
    if found is None:
        return Code.NOT_FOUND
    standing = (
        (found.is_revoked, Code.REVOKED),
        (bool(found.expires_at) and now >= found.expires_at, Code.EXPIRED),
        (found.is_disabled, Code.DISABLED),
        (found.is_suspended, Code.WORKSPACE_SUSPENDED),
        (not _may_come_from(found, ask.ip), Code.IP_NOT_ALLOWED),
        (not _may_ask_for(found, ask.model), Code.MODEL_NOT_ALLOWED),
    )
    return next((code for stands, code in standing if stands), Code.VALID)


def spent(found: Snapshot, ask: Ask) -> Verdict:
    """Hold what is settled against limits and credits."""
    for meter in found.meters:
        if meter.measure is Measure.TOKENS and meter.used >= meter.limit:
            return Verdict(Code.RATE_LIMITED, meter.name)
    wanted = ask.estimated_nano or 0
    for meter in found.meters:
        if meter.measure is Measure.CREDITS and (meter.used >= meter.limit or meter.used + wanted > meter.limit):
            return Verdict(Code.BUDGET_EXCEEDED, meter.name)
    if not found.is_unlimited and (found.available <= 0 or wanted > found.available):
        return Verdict(Code.INSUFFICIENT_CREDITS)
    return Verdict(Code.VALID)


def decide(settled: Verdict, counts: Counts) -> Verdict:
    """Join what is counted and what is settled of a key that passed the gate."""
    if counts.blocked_by:
        return Verdict(Code.RATE_LIMITED, counts.blocked_by)
    return settled


def meter_named(found: Snapshot, name: str) -> Meter | None:
    """Return the meter of a verdict."""
    return next((meter for meter in (*found.requests, *found.meters) if meter.name == name), None)


def _may_come_from(found: Snapshot, ip: str) -> bool:
    if not (found.ip_allow or found.ip_deny):
        return True
    try:
        address = ip_address(ip)
    except ValueError:
        # Who names no address, or none that can be read, cannot be in the ranges that are allowed.
        return not found.ip_allow and not ip
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in found.ip_deny):
        return False
    return not found.ip_allow or any(address in network for network in found.ip_allow)


def _may_ask_for(found: Snapshot, model: str) -> bool:
    if not model or not (found.models_allow or found.models_deny):
        return True
    name = normalise_model(model)
    if any(matches(pattern, name) for pattern in found.models_deny):
        return False
    return all(any(matches(pattern, name) for pattern in patterns) for patterns in found.models_allow)
