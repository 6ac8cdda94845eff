"""What is known of a request before anything is looked up."""

import re
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

from starlette.requests import HTTPConnection

from ccmanage.core.ids import new_id

_KEY: Final = "ccmanage"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

Network = IPv4Network | IPv6Network


@dataclass(slots=True)
class RequestContext:
    """Names the request in logs and answers, and where it came from. `headers` are what layers add to the answer."""

    request_id: str
    address: str
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


def attach(scope: MutableMapping[str, Any], context: RequestContext) -> None:
    """Keep the context with the request."""
    scope[_KEY] = context


def context_of(request: HTTPConnection) -> RequestContext:
    """Return the context that the edge attached."""
    found: RequestContext = request.scope[_KEY]
    return found


def request_context(scope: MutableMapping[str, Any]) -> RequestContext:
    """Return the context that the edge attached to a plain ASGI scope."""
    found: RequestContext = scope[_KEY]
    return found


def request_id_of(scope: MutableMapping[str, Any]) -> str:
    """Return the request's id, "" where the edge has not seen it."""
    context = scope.get(_KEY)
    return context.request_id if context else ""


def chosen_request_id(given: bytes) -> str:
    """Return the caller's own id if it is harmless, else a new one."""
    return given.decode("ascii") if _REQUEST_ID.fullmatch(given) else new_id().hex()


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read addresses and networks (`10.0.0.0/8`); raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def client_address(peer: str, forwarded_for: bytes, trusted: tuple[Network, ...]) -> str:
    """Return who is really asking: the last address that no trusted proxy added.

    Whatever a client writes into the header itself stands further left and is never reached.
    """
    address = peer
    for part in reversed(forwarded_for.decode("latin-1").split(",")) if forwarded_for else ():
        if not _is_trusted(address, trusted):
            break
        candidate = _bare(part.strip())
        if candidate is None:
            break
        address = candidate
    return address


@lru_cache(maxsize=1024)
def _is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    if not trusted:
        return False
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


def _bare(text: str) -> str | None:
    """Strip brackets and a port off an address; None if it is not one."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
