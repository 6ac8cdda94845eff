"""Speak HTTP to addresses that users supply: pinned, bounded, without redirects and without proxies.

One deadline covers everything: looking the name up, connecting, TLS, writing and reading. A connection is made for
one message and closed after it, so that a name cannot lead elsewhere between the check and the use.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import httpcore2

from ccmanage.core.outbound import Answer, OutboundPolicy, SendFailed, Target, UrlRefused

SECONDS: Final = 5.0
MAX_BODY: Final = 64 * 1024

Resolver = Callable[[str, int], list[str]]


class _TooLate(Exception):
    """The deadline is over."""


class _Deadline:
    """What is left of the time that one message may take."""

    def __init__(self, seconds: float) -> None:
        self._began = time.monotonic()
        self._seconds = seconds

    @property
    def spent_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def left(self, most: float | None = None) -> float:
        """Return the seconds that are left; raises _TooLate."""
        left = self._began + self._seconds - time.monotonic()
        if left <= 0:
            raise _TooLate
        return left if most is None else min(left, most)


class _Stream(httpcore2.NetworkStream):
    """A stream of which no step outlives the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Pinned(httpcore2.NetworkBackend):
    """Connects to the addresses that were checked, whatever the name says by then."""

    def __init__(self, addresses: list[str], deadline: _Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - it was looked up before
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        for place, address in enumerate(self._addresses, start=1):
            try:
                inner = self._plain.connect_tcp(
                    address, port, self._deadline.left(timeout), local_address, socket_options
                )
                return _Stream(inner, self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if place == len(self._addresses):
                    raise
        raise httpcore2.ConnectError("no address")


class OutboundClient:
    """Sends messages to addresses that users supply."""

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        resolve: Resolver | None = None,
        seconds: float = SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._resolve = resolve or look_up
        self._seconds = seconds
        self._context = context or ssl.create_default_context()

    def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send a message; raises UrlRefused before anything is sent, SendFailed when no answer came."""
        target, deadline = self._policy.target(url), _Deadline(self._seconds)
        try:
            addresses = self._policy.check(target, _in_time(self._resolve, target, deadline))
            return self._exchange(target, addresses, headers, body, deadline)
        except (_TooLate, httpcore2.TimeoutException):
            raise SendFailed("send.timeout", deadline.spent_ms) from None
        except UrlRefused:
            raise
        except ssl.SSLError:
            raise SendFailed("send.tls", deadline.spent_ms) from None
        except httpcore2.ConnectError as error:
            code = "send.tls" if isinstance(error.__cause__ or error.__context__, ssl.SSLError) else "send.refused"
            raise SendFailed(code, deadline.spent_ms) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError):
            raise SendFailed("send.broken", deadline.spent_ms) from None

    def _exchange(
        self, target: Target, addresses: list[str], headers: dict[str, str], body: bytes, deadline: _Deadline
    ) -> Answer:
        backend = _Pinned(addresses, deadline)
        pool = httpcore2.ConnectionPool(
            ssl_context=self._context, network_backend=backend, http2=False, max_connections=1
        )
        url = httpcore2.URL(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
        )
        with (
            pool,
            pool.stream("POST", url, headers=_headers(target, headers), content=body) as response,
        ):
            told = {name.lower(): value for name, value in response.headers}
            retry_after = told.get(b"retry-after", b"").decode("latin-1")[:40]
            return Answer(response.status, _beginning(response), deadline.spent_ms, retry_after)


def _beginning(response: httpcore2.Response) -> bytes:
    """Return at most so many bytes; an answer that goes on and on, or breaks off, is cut."""
    found = b""
    try:
        for part in response.iter_stream():
            found += part
            if len(found) >= MAX_BODY:
                break
    except (_TooLate, httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
        pass  # the status is what counts, and it is known
    return found[:MAX_BODY]


def _headers(target: Target, headers: dict[str, str]) -> list[tuple[str, str]]:
    name = f"[{target.host}]" if ":" in target.host else target.host
    host = name if target.port == {"https": 443, "http": 80}[target.scheme] else f"{name}:{target.port}"
    return [("Host", host), ("Connection", "close"), *headers.items()]


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name, as this machine knows them."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError:
        return []


def _in_time(resolve: Resolver, target: Target, deadline: _Deadline) -> list[str]:
    """Look a name up in a thread of its own: the system's look-up knows no time-out."""
    found: list[list[str]] = []
    thread = threading.Thread(target=lambda: found.append(resolve(target.host, target.port)), daemon=True)
    thread.start()
    thread.join(deadline.left())
    if not found:
        raise _TooLate
    return found[0]
