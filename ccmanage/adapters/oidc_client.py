"""OpenID Connect by Authlib: discovery, PKCE, nonce, verification of the identity token. One provider a process."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ccmanage.accounts.provider_errors import ProviderAway, ProviderRefused
from ccmanage.accounts.provider_rules import Profile
from ccmanage.core.clock import HOUR, MINUTE, SECOND, Clock
from ccmanage.core.config import Settings
from ccmanage.core.logging import get_logger

if TYPE_CHECKING:
    from ccmanage.adapters.oidc_library import Provider

log = get_logger(__name__)

TICKET_MS = 10 * MINUTE
_PATIENCE_SECONDS = 10.0
_DISCOVERY_KEPT_MS = HOUR
_LEEWAY_SECONDS = 60
# Signatures with a key pair only: with a shared secret, or none, a token would prove nothing.
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
_MAX_GROUPS = 500


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a browser must bring back from the provider: only its own sign-in can be finished there."""

    state: str
    nonce: str
    verifier: str
    target: str
    fresh: bool
    made_at: int
    # Whose account the answer is linked to; nobody's where it is a sign-in.
    links: str = ""


class OidcClient:
    """Speaks with the identity provider of the settings. Calls wait for the network: run them in a thread."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._kept: tuple[int, Provider] | None = None

    @property
    def redirect_uri(self) -> str:
        """Return the address that the provider sends people back to."""
        return f"{self._settings.public_url}/v1/auth/oidc/callback"

    def begin(self, target: str, *, fresh: bool = False, links: str = "") -> tuple[str, Ticket]:
        """Return where to send the browser, and what it shall bring back; raises ProviderAway."""
        ticket = Ticket(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(64),
            target=target,
            fresh=fresh,
            made_at=self._clock.now_ms(),
            links=links,
        )
        more = {"prompt": "login", "max_age": "0"} if fresh else {}
        try:
            begun = self._provider().create_authorization_url(
                self.redirect_uri, state=ticket.state, nonce=ticket.nonce, code_verifier=ticket.verifier, **more
            )
        except Exception as error:
            raise self._away("begin", error) from error
        return str(begun["url"]), ticket

    def finish(self, ticket: Ticket, answer: Mapping[str, str]) -> Profile:
        """Return who came back; raises ProviderRefused and ProviderAway."""
        if not hmac.compare_digest(ticket.state.encode(), answer.get("state", "").encode()):
            raise ProviderRefused
        if self._clock.now_ms() - ticket.made_at > TICKET_MS:
            raise ProviderRefused
        # A provider that names itself must be ours (RFC 9207), else codes of another could be mixed in.
        if answer.get("iss", self._settings.oidc_issuer) != self._settings.oidc_issuer:
            raise ProviderRefused
        if "error" in answer or not answer.get("code"):
            log.info("provider_refused", code=answer.get("error", "none")[:100])
            raise ProviderRefused
        provider = self._provider_or_away()
        claims = self._claims(provider, ticket, answer["code"])
        return self._profile(claims)

    def _claims(self, provider: "Provider", ticket: Ticket, code: str) -> Mapping[str, Any]:
        from ccmanage.adapters.oidc_library import OAuthError

        try:
            token = provider.fetch_access_token(
                self.redirect_uri, code=code, code_verifier=ticket.verifier, grant_type="authorization_code"
            )
            claims: Mapping[str, Any] | None = provider.parse_id_token(
                token, nonce=ticket.nonce, claims_options=self._expected(), leeway=_LEEWAY_SECONDS
            )
        except OAuthError as error:
            log.warning("provider_refused", code=str(error.error)[:100])
            raise ProviderRefused from error
        except OSError as error:
            raise self._away("finish", error) from error
        except Exception as error:
            # Whatever is wrong with a token, nobody comes in by it.
            log.warning("provider_token_refused", error=type(error).__name__, text=str(error)[:200])
            raise ProviderRefused from error
        if claims is None:
            raise ProviderRefused
        if ticket.fresh and self._clock.now_ms() - int(claims.get("auth_time", 0)) * SECOND > TICKET_MS:
            raise ProviderRefused
        return self._with_userinfo(provider, token, claims)

    def _with_userinfo(
        self, provider: "Provider", token: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Add what the provider tells only there; the subject must be the same, and the token's word stands."""
        if "email" in claims or "userinfo_endpoint" not in provider.server_metadata:
            return claims
        try:
            more: Mapping[str, Any] = provider.userinfo(token=token)
        except Exception as error:
            raise self._away("userinfo", error) from error
        if more.get("sub") != claims["sub"]:
            raise ProviderRefused
        return {**more, **claims}

    def _profile(self, claims: Mapping[str, Any]) -> Profile:
        groups = claims.get(self._settings.oidc_groups_claim, [])
        groups = [groups] if isinstance(groups, str) else groups
        methods = claims.get("amr", [])
        return Profile(
            issuer=self._settings.oidc_issuer,
            subject=str(claims["sub"]),
            email=str(claims.get("email", "")),
            email_verified=claims.get("email_verified") in (True, "true"),
            name=str(claims.get("name") or claims.get("preferred_username") or ""),
            groups=frozenset(str(group) for group in groups[:_MAX_GROUPS]) if isinstance(groups, list) else frozenset(),
            methods=frozenset(map(str, methods)) if isinstance(methods, list) else frozenset(),
        )

    def _expected(self) -> dict[str, Any]:
        return {
            "iss": {"essential": True, "value": self._settings.oidc_issuer},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True},
        }

    def _provider_or_away(self) -> "Provider":
        try:
            return self._provider()
        except Exception as error:
            raise self._away("discover", error) from error

    def _provider(self) -> "Provider":
        """Return the provider with what it says of itself, read anew every hour."""
        now = self._clock.now_ms()
        if self._kept is not None and 0 <= now - self._kept[0] < _DISCOVERY_KEPT_MS:
            return self._kept[1]
        from ccmanage.adapters.oidc_library import Provider

        settings = self._settings
        provider = Provider(
            None,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": " ".join(("openid", "email", "profile", *settings.oidc_scopes)),
                "code_challenge_method": "S256",
                "timeout": _PATIENCE_SECONDS,
            },
        )
        metadata = provider.load_server_metadata()
        if metadata.get("issuer") != settings.oidc_issuer:
            raise ValueError("the provider names another issuer than CCMANAGE_OIDC_ISSUER")
        offered = set(metadata.get("id_token_signing_alg_values_supported") or ["RS256"])
        metadata["id_token_signing_alg_values_supported"] = sorted(offered & _ALGORITHMS)
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" not in methods and "client_secret_post" in methods:
            provider.client_kwargs["token_endpoint_auth_method"] = "client_secret_post"  # noqa: S105 - a name
        self._kept = (now, provider)
        return provider

    @staticmethod
    def _away(doing: str, error: Exception) -> ProviderAway:
        log.warning("provider_away", doing=doing, error=type(error).__name__, text=str(error)[:200])
        return ProviderAway()
