"""What a mail address and a time zone may be. Pure."""

import re
from functools import cache
from zoneinfo import available_timezones

MAX_EMAIL = 254
LOCALES = ("en", "zh")

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})*)")
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_MAX_LOCAL = 64


def normalise_email(text: str) -> str | None:
    """Return the one spelling under which an address is found, or None if it is not exactly one address.

    Case is folded in both parts: no provider in use tells `Ann@` from `ann@`, and people type both.
    """
    local, at, domain = text.strip().lower().rpartition("@")
    if not at:
        return None
    try:
        address = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None
    if len(address) > MAX_EMAIL or len(local) > _MAX_LOCAL:
        return None
    return address if _ADDRESS.fullmatch(address) else None


def is_domain(text: str) -> bool:
    """Tell whether a text is the name of a domain, as it stands in a normal mail address."""
    return len(text) <= MAX_EMAIL and _DOMAIN.fullmatch(text) is not None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(name: str) -> bool:
    """Tell whether the name is an IANA time zone that this machine knows."""
    return name in _zones()
