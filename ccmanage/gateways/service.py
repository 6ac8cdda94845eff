"""Use cases around gateways: create, rotate, revoke, and who is speaking."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, SECOND, Clock
from ccmanage.core.errors import invalid
from ccmanage.core.ids import GATEWAY, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.security import GATEWAY_TOKEN_PREFIX, Digester, last_four, looks_like_secret, new_secret
from ccmanage.core.text import clean_name
from ccmanage.gateways.errors import GatewayNotFound, GatewayRevoked, TokenRefused
from ccmanage.gateways.models import Gateway, GatewayState, GatewayToken
from ccmanage.gateways.repository import GatewayRepository

MAX_OVERLAP_SECONDS = 7 * DAY // SECOND


class GatewayScope(StrEnum):
    """What a gateway may be allowed to do."""

    USAGE_WRITE = "usage:write"
    KEYS_VERIFY = "keys:verify"
    HOLDS_WRITE = "holds:write"


@dataclass(frozen=True, slots=True)
class GatewayIdentity:
    """Which gateway speaks, and what it may do."""

    id: int
    public_id: bytes
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class GatewayView:
    """A gateway with what may be shown of its newest token."""

    id: int
    public_id: bytes
    name: str
    state: GatewayState
    scopes: tuple[str, ...]
    last_four: str
    created_at: int
    revoked_at: int | None
    rotating_until: int | None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A gateway and the only copy of its new token."""

    gateway: GatewayView
    token: str


class GatewayService:
    """Machine clients and their tokens."""

    def __init__(self, repository: GatewayRepository, clock: Clock, digester: Digester, audit: AuditService) -> None:
        self._repository = repository
        self._clock = clock
        self._digester = digester
        self._audit = audit

    def create(self, name: str, scopes: Sequence[str] = tuple(GatewayScope)) -> IssuedToken:
        """Create a gateway; its token is shown here and never again. Raises InvalidInput."""
        clean = clean_name(name)
        wanted = [scope.value for scope in GatewayScope if scope.value in scopes]
        if not wanted or set(scopes) - set(wanted):
            known = ", ".join(GatewayScope)
            raise invalid("/scopes", "scopes.unknown", f"Choose at least one of: {known}.")
        gateway = self._repository.add(
            Gateway(
                public_id=new_id(),
                name=clean,
                state=GatewayState.ACTIVE,
                scopes=",".join(wanted),
                created_at=self._clock.now_ms(),
                revoked_at=None,
            )
        )
        token = self._issue(gateway)
        self._record("gateways.create", gateway, after={"name": clean, "scopes": wanted})
        return IssuedToken(self._viewed(gateway), token)

    def authenticate(self, token: str) -> GatewayIdentity:
        """Return which gateway a token belongs to, with one query by its digest; raises TokenRefused."""
        if not looks_like_secret(token, GATEWAY_TOKEN_PREFIX):
            raise TokenRefused
        gateway = self._repository.by_token(self._digester.digest(token), self._clock.now_ms())
        if gateway is None:
            raise TokenRefused
        return GatewayIdentity(gateway.id, gateway.public_id, frozenset(gateway.scopes.split(",")))

    def page(self, ask: PageRequest) -> Page[GatewayView]:
        """Return gateways, newest first, with one query for all their tokens."""
        page = self._repository.page_of_all(ask)
        tokens = self._tokens_of([gateway.id for gateway in page.items])
        return page.map(lambda gateway: self._view(gateway, tokens.get(gateway.id, [])))

    def get(self, public_id: bytes) -> GatewayView:
        """Return a gateway; raises GatewayNotFound."""
        return self._viewed(self._found(self._repository.by_public_id(public_id)))

    def named(self, gateway_ids: Iterable[int]) -> dict[int, Gateway]:
        """Return the gateways with these numbers, with one query for all."""
        return {gateway.id: gateway for gateway in self._repository.many(gateway_ids)}

    def count_active(self) -> int:
        """Count the gateways that may speak."""
        return self._repository.count_active()

    def rotate(self, public_id: bytes, overlap_seconds: int) -> IssuedToken:
        """Give a gateway a new token; the old ones run out after the overlap. Raises GatewayRevoked."""
        if not 0 <= overlap_seconds <= MAX_OVERLAP_SECONDS:
            raise invalid("/overlap_seconds", "overlap.out_of_range", f"Use 0 to {MAX_OVERLAP_SECONDS} seconds.")
        gateway = self._locked(public_id)
        if gateway.state == GatewayState.REVOKED:
            raise GatewayRevoked
        self._repository.end_tokens(gateway.id, self._clock.now_ms() + overlap_seconds * SECOND)
        token = self._issue(gateway)
        self._record("gateways.rotate", gateway, after={"overlap_seconds": overlap_seconds})
        return IssuedToken(self._viewed(gateway), token)

    def revoke(self, public_id: bytes) -> GatewayView:
        """Silence a gateway for good, within two seconds everywhere. A second time changes nothing."""
        gateway = self._locked(public_id)
        if gateway.state != GatewayState.REVOKED:
            now = self._clock.now_ms()
            gateway.state, gateway.revoked_at = GatewayState.REVOKED, now
            self._repository.end_tokens(gateway.id, now)
            self._record("gateways.revoke", gateway)
        return self._viewed(gateway)

    def _issue(self, gateway: Gateway) -> str:
        token = new_secret(GATEWAY_TOKEN_PREFIX)
        self._repository.add_token(
            GatewayToken(
                digest=self._digester.digest(token),
                gateway_id=gateway.id,
                last_four=last_four(token),
                created_at=self._clock.now_ms(),
                expires_at=None,
            )
        )
        return token

    def _tokens_of(self, gateway_ids: list[int]) -> dict[int, list[GatewayToken]]:
        found: dict[int, list[GatewayToken]] = {}
        for token in self._repository.tokens_of(gateway_ids):
            found.setdefault(token.gateway_id, []).append(token)
        return found

    def _viewed(self, gateway: Gateway) -> GatewayView:
        return self._view(gateway, self._tokens_of([gateway.id]).get(gateway.id, []))

    def _view(self, gateway: Gateway, tokens: Sequence[GatewayToken]) -> GatewayView:
        # The newest token has no end while the gateway lives; several may share one millisecond of creation.
        newest = max(
            reversed(tokens), key=lambda token: (token.expires_at is None, token.expires_at or 0), default=None
        )
        now = self._clock.now_ms()
        ends = [token.expires_at for token in tokens if token is not newest and token.expires_at]
        return GatewayView(
            id=gateway.id,
            public_id=gateway.public_id,
            name=gateway.name,
            state=GatewayState(gateway.state),
            scopes=tuple(gateway.scopes.split(",")),
            last_four=newest.last_four if newest else "",
            created_at=gateway.created_at,
            revoked_at=gateway.revoked_at,
            rotating_until=max((end for end in ends if end > now), default=None),
        )

    def _locked(self, public_id: bytes) -> Gateway:
        gateway = self._found(self._repository.by_public_id(public_id))
        return self._found(self._repository.lock(gateway.id))

    @staticmethod
    def _found(gateway: Gateway | None) -> Gateway:
        if gateway is None:
            raise GatewayNotFound
        return gateway

    def _record(self, action: str, gateway: Gateway, after: Mapping[str, object] | None = None) -> None:
        self._audit.record(action, ("gateway", encode_id(GATEWAY, gateway.public_id)), after=after)
