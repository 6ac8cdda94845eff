"""Which addresses that users supply we speak to: never those of our own network.

A name is looked up once, every address that it has must be a public one, and the connection is made to that very
address. What operators name in `CCMANAGE_OUTBOUND_HOSTS` is let through: hosts of an intranet, over plain HTTP too.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS: Final = frozenset({443, 8443})
MAX_URL: Final = 2_000
# Where IPv4 addresses hide in IPv6 ones, beside those that `ipaddress` knows.
_NAT64: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_GLOBAL_V6: Final = ipaddress.IPv6Network("2000::/3")
_LOW: Final = 0xFFFFFFFF


class UrlRefused(Exception):
    """We do not speak to such an address. `code` is stable, the text is for whoever set it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class SendFailed(Exception):
    """A message did not get an answer; `code` says why."""

    def __init__(self, code: str, milliseconds: int) -> None:
        super().__init__(code)
        self.code = code
        self.milliseconds = milliseconds


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes. `trusted` hosts are named by the operator: they may have private addresses."""

    scheme: str
    host: str
    port: int
    path: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the beginning of the body, and how long it took."""

    status: int
    body: bytes
    milliseconds: int
    retry_after: str = ""


class Sender(Protocol):
    """Sends messages to addresses that users supply."""

    def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send a message; raises UrlRefused and SendFailed."""
        ...


class OutboundPolicy:
    """What is let through."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = frozenset(name.strip().lower() for name in trusted)

    def target(self, url: str) -> Target:
        """Read an address that somebody supplied; raises UrlRefused."""
        parts, port = _split(url)
        host = (parts.hostname or "").rstrip(".").lower()
        if not host:
            raise UrlRefused("url.invalid", "Enter an address such as https://example.com/hook.")
        trusted = host in self._trusted or f"{host}:{port}" in self._trusted
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not trusted:
            _check_public(parts, host, port)
        return Target(parts.scheme, host, port, path, trusted)

    @staticmethod
    def check(target: Target, addresses: Iterable[str]) -> list[str]:
        """Return the addresses that a name has, if all of them may be spoken to; raises UrlRefused."""
        found = list(dict.fromkeys(addresses))
        if not found:
            raise UrlRefused("address.none", "The name has no address.")
        if not target.trusted and not all(is_public(ipaddress.ip_address(one.partition("%")[0])) for one in found):
            raise UrlRefused("address.private", "The name leads into a private network.")
        return found


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved)
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return address in _GLOBAL_V6 and address.is_global and not address.is_multicast


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _COMPATIBLE or any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & _LOW)
    return None


def _split(url: str) -> tuple[SplitResult, int]:
    invalid = UrlRefused("url.invalid", "Enter an address such as https://example.com/hook.")
    if (
        len(url) > MAX_URL
        or not url.isascii()
        or any(character <= " " or character in '\\"<>^`{|}' for character in url)
    ):
        raise invalid
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    except (ValueError, KeyError):
        raise invalid from None
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UrlRefused("url.credentials", "Leave names, passwords and fragments out of the address.")
    return parts, port


def _check_public(parts: SplitResult, host: str, port: int) -> None:
    if parts.scheme != "https":
        raise UrlRefused("url.not_https", "Use an address that begins with https://.")
    if port not in PORTS:
        raise UrlRefused("url.port", "Use port 443 or 8443.")
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        if "." not in host or host.endswith((".localhost", ".local", ".internal")) or host.rpartition(".")[2].isdigit():
            raise UrlRefused("address.private", "Use a name that is known everywhere.") from None
        return
    if not is_public(literal):
        raise UrlRefused("address.private", "The address is not one of the public internet.")
