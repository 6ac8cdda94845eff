"""Bodies around limits of keys: what is set, what the package sets, and what is left."""

from typing import Annotated

import anyio
from pydantic import Field
from starlette.requests import Request

from api.admission.answers import limit_lines
from api.admission.app import VerifyApp
from api.admission.schemas import KeyLimitLeft
from api.packages.schemas import KeyLimitsOut, Limit, ModelsIn, WindowName
from api.schemas import CreditsIn, In, Out
from ccmanage.bootstrap import Scope
from ccmanage.keys.limits import MAX_RANGES, OwnLimits
from ccmanage.keys.service import Keyring
from ccmanage.packages.limits import MAX_CONCURRENCY, NO_LIMITS, KeyLimits, Window

Range = Annotated[str, Field(min_length=1, max_length=64)]
Ranges = Annotated[list[Range], Field(default_factory=list, max_length=MAX_RANGES)]


class RangesIn(In):
    """Addresses or ranges, such as 192.0.2.7 or 2001:db8::/32. An empty allow-list allows all; deny goes first."""

    allow: Ranges
    deny: Ranges


class KeyOwnLimitsIn(In):
    """A key's own limits: per window, several at once. What is left out is not limited by the key."""

    requests: Annotated[dict[WindowName, Limit], Field(default_factory=dict)]
    tokens: Annotated[dict[WindowName, Limit], Field(default_factory=dict)]
    credits: Annotated[dict[WindowName, CreditsIn], Field(default_factory=dict)]
    models: ModelsIn | None = None
    ip: RangesIn | None = None
    concurrency: Annotated[int, Field(ge=1, le=MAX_CONCURRENCY)] | None = None

    def to_domain(self) -> OwnLimits:
        """Return the limits."""
        limits = KeyLimits(
            requests={Window(name): limit for name, limit in self.requests.items()},
            tokens={Window(name): limit for name, limit in self.tokens.items()},
            credits={Window(name): limit for name, limit in self.credits.items()},
            models_allow=tuple(self.models.allow) if self.models else (),
            models_deny=tuple(self.models.deny) if self.models else (),
            concurrency=self.concurrency,
        )
        ip = self.ip
        return OwnLimits(limits, tuple(ip.allow) if ip else (), tuple(ip.deny) if ip else ())


class RangesOut(Out):
    """From where a key may be used."""

    allow: list[str]
    deny: list[str]


class KeyLimitsStateOut(Out):
    """What limits a key: its own limits, the package's (null without a plan that sets any), and what is left."""

    own: KeyLimitsOut
    ip: RangesOut
    package: KeyLimitsOut | None
    left: list[KeyLimitLeft]


def limits_of(request: Request, scope: Scope, ring: Keyring, public_id: bytes) -> KeyLimitsStateOut:
    """Make the answer. Requests and calls at once are asked of what counts them."""
    view = scope.key_limits.get(ring, public_id)
    found = scope.admission.snapshot(public_id)
    app: VerifyApp = request.app.state.verify
    counts = anyio.from_thread.run(app.look, found)
    return KeyLimitsStateOut(
        own=KeyLimitsOut.of(view.own.limits),
        ip=RangesOut(allow=list(view.own.ip_allow), deny=list(view.own.ip_deny)),
        package=None if view.package == NO_LIMITS else KeyLimitsOut.of(view.package),
        left=[
            KeyLimitLeft(name=line.name, limit=line.limit, remaining=line.remaining, reset_at=line.resets_at or None)
            for line in limit_lines(found, counts)
        ],
    )
