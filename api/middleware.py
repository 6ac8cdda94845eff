"""The edge of every request: its id, its size, its host, its headers, its line in the log, its measure.

One plain ASGI layer instead of a stack of wrappers: the ingress passes through here thousands of times a second.
"""

import time
from collections.abc import Iterable
from functools import lru_cache

import structlog
from prometheus_client import Histogram
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.context import RequestContext, attach, chosen_request_id, client_address, parse_networks
from api.errors import INTERNAL, problem
from ccmanage.core.config import ConfigError, Settings
from ccmanage.core.logging import get_logger
from ccmanage.core.metrics import HTTP_SECONDS

log = get_logger("api.access")

BODY_LIMIT = 1024 * 1024
EVENTS_BODY_LIMIT = 8 * 1024 * 1024
_EVENTS_PATH = "/v1/events"
# Asked by machines by address, many times a minute: no host check, and no line in the log while all is well.
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
# Asked by programs that are no browsers, thousands of times a second.
_MACHINES = frozenset({_EVENTS_PATH, "/v1/keys/verify"})
_QUIET = _PROBES | _MACHINES

_API_POLICY = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# Charts set style attributes on elements; style sheets and scripts come from files alone.
_PORTAL_POLICY = (
    b"default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline';"
    b" img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none';"
    b" form-action 'self'; frame-ancestors 'none'"
)
_NO_SNIFF = (b"x-content-type-options", b"nosniff")
# What a browser must know of anything that it may show.
_COMMON_HEADERS = [
    _NO_SNIFF,
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_NO_STORE = (b"cache-control", b"no-store")


class Edge:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        try:
            self._proxies = parse_networks(settings.trusted_proxies)
        except ValueError as error:
            raise ConfigError(f"CCMANAGE_TRUSTED_PROXIES: {error}") from None
        self._hosts = tuple(host.lower() for host in settings.allowed_hosts)
        secure = [_HSTS] if settings.public_url.startswith("https://") else []
        common = [*_COMMON_HEADERS, *secure]
        self._machine_headers = [_NO_SNIFF, *secure]
        self._api_headers = [*common, (b"content-security-policy", _API_POLICY)]
        self._portal_headers = [*common, (b"content-security-policy", _PORTAL_POLICY)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; other kinds of connections pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self, scope, receive, send).run(self._app)

    def context(self, scope: Scope, headers: dict[bytes, bytes]) -> RequestContext:
        """Return the request's id and the address it came from."""
        peer = scope["client"][0] if scope.get("client") else ""
        address = client_address(peer, headers.get(b"x-forwarded-for", b""), self._proxies)
        return RequestContext(chosen_request_id(headers.get(b"x-request-id", b"")), address)

    def refuses_host(self, path: str, host: bytes) -> bool:
        """Tell whether the request was sent to a name that is not ours."""
        if not self._hosts or path in _PROBES:
            return False
        name = host.decode("latin-1").lower()
        name = name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
        return not any(
            allowed in {"*", name} or (allowed.startswith("*.") and name.endswith(allowed[1:]))
            for allowed in self._hosts
        )

    def headers(self, path: str) -> list[tuple[bytes, bytes]]:
        """Return the headers that every answer at an address carries."""
        if path in _MACHINES:
            return self._machine_headers
        return self._api_headers if path.startswith("/v1") else self._portal_headers


class _Exchange:
    """One request and its answer."""

    __slots__ = ("_context", "_edge", "_ended", "_limit", "_receive", "_received", "_scope", "_send", "_status")

    def __init__(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self._edge = edge
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limit = EVENTS_BODY_LIMIT if scope["path"] == _EVENTS_PATH else BODY_LIMIT
        self._received = 0
        self._status = 0
        self._ended = False

    async def run(self, app: ASGIApp) -> None:
        """Let the application answer, and note how it went."""
        started = time.perf_counter()
        scope, path = self._scope, self._scope["path"]
        headers = dict(scope["headers"])
        self._context = self._edge.context(scope, headers)
        attach(scope, self._context)
        structlog.contextvars.bind_contextvars(request_id=self._context.request_id)
        try:
            if self._edge.refuses_host(path, headers.get(b"host", b"")):
                await self._refuse(400, "host.unknown", "The request was sent to a host that is not served here.")
            elif _announced(headers) > self._limit:
                await self._refuse(413, "body.too_large", f"Send at most {self._limit} bytes.")
            else:
                await app(scope, self._take, self._give)
        except Exception:
            log.exception("request_failed", path=path)
            if self._status and not self._ended:
                raise  # half an answer is under way: the server must cut the connection
            if not self._status:
                await self._refuse(500, "internal", INTERNAL)
        finally:
            self._note(path, time.perf_counter() - started)

    async def _take(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._limit:
                raise HTTPException(413)
        return message

    async def _give(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = message.setdefault("headers", [])
            path = self._scope["path"]
            if path.startswith("/v1") and not _has(headers, b"cache-control"):
                headers.append(_NO_STORE)
            headers += self._context.headers
            headers += self._edge.headers(path)
            headers.append((b"x-request-id", self._context.request_id.encode()))
        else:
            self._ended = not message.get("more_body", False)
        await self._send(message)

    async def _refuse(self, status: int, code: str, detail: str) -> None:
        answer = problem(status, code, detail, request_id=self._context.request_id)
        await answer(self._scope, self._receive, self._give)

    def _note(self, path: str, seconds: float) -> None:
        route = path if path in _MACHINES else _route_of(self._scope)
        method, status = self._scope["method"], self._status
        known_method = method if method in _METHODS else "other"
        _measure(route, known_method, status).observe(seconds)
        if path in _QUIET and status < 400:
            return
        log.info(
            "request",
            method=known_method,
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 1),
        )


def _route_of(scope: Scope) -> str:
    other = "unknown" if scope["path"].startswith("/v1") else "portal"
    return str(getattr(scope.get("route"), "path_format", other))


@lru_cache(maxsize=2_048)
def _measure(route: str, method: str, status: int) -> Histogram:
    return HTTP_SECONDS.labels(route, method, str(status))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _announced(headers: dict[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() and len(text) < 20 else 0


def _has(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bool:
    return any(key == name for key, _ in headers)
