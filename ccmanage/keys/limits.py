"""A key's own limits: what its people set on it, inside what the package of the workspace allows.

Plain values; what they mean for a call is admission's business.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from ccmanage.core.errors import FieldError
from ccmanage.packages.limits import NO_LIMITS, KeyLimits, Limits, Window, decode_limits, limit_faults
from ccmanage.pricing.names import is_exact, matches, normalise_model

MAX_RANGES = 100
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class OwnLimits:
    """Limits of one key, and from where it may be used. Addresses are ranges in their usual spelling."""

    limits: KeyLimits = NO_LIMITS
    ip_allow: tuple[str, ...] = ()
    ip_deny: tuple[str, ...] = ()


NONE = OwnLimits()


def encode_ranges(own: OwnLimits) -> str:
    """Write the ranges of addresses, to be encrypted; empty if there are none."""
    return json.dumps([own.ip_allow, own.ip_deny]) if own.ip_allow or own.ip_deny else ""


def decode_own(limits: bytes, ranges: str = "") -> OwnLimits:
    """Read a key's limits and ranges as they were stored."""
    allow, deny = json.loads(ranges or "[[], []]")
    return OwnLimits(decode_limits(limits), tuple(allow), tuple(deny))


def ranges_context(key_id: int) -> str:
    """Return the place that a key's ranges are encrypted for."""
    return f"keys.ranges:{key_id}"


def read_range(text: str) -> Network:
    """Read an address or a range in CIDR form; raises ValueError."""
    return ip_network(text.strip(), strict=False)


def own_faults(own: OwnLimits, pointer: str = "/limits") -> Iterator[FieldError]:
    """Yield what is wrong with a key's limits, whatever its package says."""
    if own.limits.max_keys is not None:
        yield FieldError(f"{pointer}/max_keys", "limit.not_of_a_key", "How many keys there are is up to the package.")
    yield from limit_faults(own.limits, pointer)
    for name, ranges in (("allow", own.ip_allow), ("deny", own.ip_deny)):
        if len(ranges) > MAX_RANGES:
            yield FieldError(f"{pointer}/ip/{name}", "limit.ranges_too_many", f"Give at most {MAX_RANGES} ranges.")
        for place, text in enumerate(ranges):
            if not _is_range(text):
                sentence = "Write an address or a range, such as 192.0.2.7 or 2001:db8::/32."
                yield FieldError(f"{pointer}/ip/{name}/{place}", "limit.range_invalid", sentence)


def beyond_package(own: KeyLimits, package: KeyLimits, pointer: str = "/limits") -> Iterator[FieldError]:
    """Yield where a key's limits say more than the package allows."""
    for name, mine, theirs in _measures(own, package):
        for window, limit in mine.items():
            if window in theirs and limit > theirs[window]:
                yield FieldError(
                    f"{pointer}/{name}/{window}", "limit.above_package", "The package allows less in this window."
                )
    if own.concurrency is not None and package.concurrency is not None and own.concurrency > package.concurrency:
        sentence = f"The package allows {package.concurrency:,} calls at once."
        yield FieldError(f"{pointer}/concurrency", "limit.above_package", sentence)
    for place, pattern in enumerate(own.models_allow):
        if is_exact(pattern) and not _allows(package, normalise_model(pattern)):
            sentence = "The package does not allow this model."
            yield FieldError(f"{pointer}/models/allow/{place}", "limit.model_not_in_package", sentence)


def lowered(own: KeyLimits, package: KeyLimits) -> KeyLimits:
    """Return what holds of both: the lower number in each window. Lists of models are not merged: both must agree."""
    requests, tokens, credits = (_lower(mine, theirs) for _name, mine, theirs in _measures(own, package))
    bounds = [bound for bound in (own.concurrency, package.concurrency) if bound is not None]
    return KeyLimits(requests, tokens, credits, concurrency=min(bounds, default=None), max_keys=package.max_keys)


def _lower(mine: Limits, theirs: Limits) -> Limits:
    return {
        window: min(limits[window] for limits in (mine, theirs) if window in limits)
        for window in Window
        if window in mine or window in theirs
    }


def _measures(own: KeyLimits, package: KeyLimits) -> tuple[tuple[str, Limits, Limits], ...]:
    return (
        ("requests", own.requests, package.requests),
        ("tokens", own.tokens, package.tokens),
        ("credits", own.credits, package.credits),
    )


def _allows(limits: KeyLimits, model: str) -> bool:
    if any(matches(normalise_model(pattern), model) for pattern in limits.models_deny):
        return False
    return not limits.models_allow or any(matches(normalise_model(pattern), model) for pattern in limits.models_allow)


def _is_range(text: str) -> bool:
    try:
        read_range(text)
    except ValueError:
        return False
    return True
