"""How many calls a minute: one layer around everything under `/v1`, with the headers of the tenth RateLimit draft.

A person is counted by who they are, everybody else by address. What needs no password and can be tried (`/v1/auth`)
has a smaller quota. Machines are counted in this process alone and without waiting: usage must never queue for Redis.
"""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from http.cookies import CookieError, SimpleCookie

from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import SESSION_COOKIE
from api.context import RequestContext, request_context
from api.errors import problem
from ccmanage.bootstrap import Runtime
from ccmanage.core.clock import SECOND
from ccmanage.core.counters import LocalCalls
from ccmanage.core.errors import Unauthenticated
from ccmanage.core.security import GATEWAY_TOKEN_PREFIX

WINDOW_SECONDS = 60
_MACHINES = frozenset({"/v1/events", "/v1/keys/verify", "/v1/holds"})
_MACHINE_FOLDERS = ("/v1/batches/", "/v1/holds/")
_MAX_KNOWN = 10_000


@dataclass(frozen=True)
class Policy:
    """A named quota of calls a minute; 0 means no limit."""

    name: str
    quota: int

    @cached_property
    def header(self) -> bytes:
        """Return what `RateLimit-Policy` says of it."""
        return f'"{self.name}";q={self.quota};w={WINDOW_SECONDS}'.encode()

    def state(self, count: int, seconds_left: int) -> bytes:
        """Return what `RateLimit` says after so many calls."""
        return f'"{self.name}";r={max(0, self.quota - count)};t={seconds_left}'.encode()


class Limits:
    """Counts calls and turns away what is too much."""

    def __init__(self, app: ASGIApp, runtime: Runtime) -> None:
        self._app = app
        self._runtime = runtime
        self._local = LocalCalls(runtime.clock)
        settings = runtime.settings
        self._machines = Policy("machines", settings.rate_limit_machines)
        self._people = Policy("people", settings.rate_limit_people)
        self._strangers = Policy("strangers", settings.rate_limit_strangers)
        self._subjects: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or say when to come back."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        context, path = request_context(scope), scope["path"]
        token = "" if _is_of_machines(path) else _token_of(scope)
        policy = self._policy(path, token)
        if not policy.quota:
            await self._app(scope, receive, send)
            return
        count = await self._count(policy, context, token)
        left = WINDOW_SECONDS - self._runtime.clock.now_ms() // SECOND % WINDOW_SECONDS
        context.headers += ((b"ratelimit-policy", policy.header), (b"ratelimit", policy.state(count, left)))
        if count > policy.quota:
            sentence = f"Too many requests. Try again in {left} seconds."
            answer = problem(
                429, "rate.limited", sentence, request_id=context.request_id, headers={"Retry-After": str(left)}
            )
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _policy(self, path: str, token: str) -> Policy:
        if _is_of_machines(path) or token.startswith(GATEWAY_TOKEN_PREFIX):
            return self._machines
        if path.startswith("/v1/auth/") and path != "/v1/auth/logout":
            return self._strangers
        return self._people

    async def _count(self, policy: Policy, context: RequestContext, token: str) -> int:
        if policy is self._machines:
            return self._local.count(context.address, WINDOW_SECONDS)
        who = self._subject(token) if policy is self._people else None
        digest = self._runtime.digester.digest(f"calls {who or context.address}").hex()[:32]
        return await self._runtime.calls.hit(f"{policy.name}:{digest}", WINDOW_SECONDS)

    def _subject(self, token: str) -> str | None:
        """Return whom a token speaks for, None where it holds not: an invented one must not open a new quota."""
        if not token:
            return None
        known = self._subjects.get(token)
        if known is not None:
            return known
        try:
            subject = self._runtime.tokens.verify(token, self._runtime.clock.now_ms()).subject
        except Unauthenticated:
            return None
        self._subjects[token] = subject
        while len(self._subjects) > _MAX_KNOWN:
            self._subjects.popitem(last=False)
        return subject


def _is_of_machines(path: str) -> bool:
    return path in _MACHINES or path.startswith(_MACHINE_FOLDERS)


def _token_of(scope: Scope) -> str:
    cookies = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value.decode("latin-1").partition(" ")[2].strip())
        if name == b"cookie":
            cookies = value
    if not cookies:
        return ""
    try:
        jar = SimpleCookie(cookies.decode("latin-1"))
        found = jar.get(f"__Host-{SESSION_COOKIE}") or jar.get(SESSION_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
