"""Use cases around personal access tokens: make, list, revoke, identify."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ccmanage.accounts.models import Role, User, UserState
from ccmanage.accounts.sessions import TOUCH_MS, Identity
from ccmanage.accounts.token_errors import ScopeTooWide, TokenLimitReached, TokenNotFound, TokenRefused
from ccmanage.accounts.token_models import AccessToken
from ccmanage.accounts.token_rules import ADMINS_ONLY, NAMES, TokenScope, names_of
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, Clock
from ccmanage.core.errors import invalid
from ccmanage.core.ids import TOKEN, encode_id, new_id
from ccmanage.core.pagination import Page, PageRequest
from ccmanage.core.repository import Repository
from ccmanage.core.security import (
    ACCESS_TOKEN_PREFIX,
    Digester,
    last_four,
    looks_like_secret,
    new_secret,
    shown_prefix,
)
from ccmanage.core.text import clean_name

MAX_ACTIVE_TOKENS = 50
MAX_LIFE_MS = 366 * DAY


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token with what may be shown of it."""

    public_id: bytes
    name: str
    prefix: str
    last_four: str
    scopes: list[str]
    state: Literal["active", "revoked", "expired"]
    created_at: int
    expires_at: int
    last_used_at: int | None


@dataclass(frozen=True, slots=True)
class IssuedAccess:
    """A token and the only copy of its secret."""

    token: TokenView
    secret: str


class TokenRepository(Repository[AccessToken]):
    """Personal access tokens."""

    model = AccessToken

    def with_user(self, digest: bytes) -> tuple[AccessToken, User] | None:
        """Find a token and its person in one query."""
        row = self.session.execute(
            select(AccessToken, User).join(User, User.id == AccessToken.user_id).where(AccessToken.digest == digest)
        ).one_or_none()
        return None if row is None else (row[0], row[1])

    def page_of(self, user_id: int, ask: PageRequest) -> Page[AccessToken]:
        """Return a person's tokens, newest first."""
        return self.page(select(AccessToken).where(AccessToken.user_id == user_id), ask, AccessToken.id)

    def count_active(self, user_id: int, now: int) -> int:
        """Count the tokens of a person that work."""
        statement = select(func.count()).where(
            AccessToken.user_id == user_id, AccessToken.revoked_at.is_(None), AccessToken.expires_at > now
        )
        return self.session.scalar(statement) or 0

    def touch(self, token_id: int, now: int) -> None:
        """Note that a token was used."""
        self.session.execute(update(AccessToken).where(AccessToken.id == token_id).values(last_used_at=now))


class TokenService:
    """Tokens with which people's scripts act for them. Shown once; only their digests are stored."""

    def __init__(self, session: Session, digester: Digester, clock: Clock, audit: AuditService) -> None:
        self._repository = TokenRepository(session)
        self._digester = digester
        self._clock = clock
        self._audit = audit

    def issue(self, user_id: int, role: Role, name: str, scopes: Iterable[str], expires_at: int) -> IssuedAccess:
        """Make a token; raises InvalidInput, ScopeTooWide and TokenLimitReached."""
        clean, now = clean_name(name), self._clock.now_ms()
        wanted = TokenScope(0)
        for scope in scopes:
            wanted |= NAMES[scope]
        if not wanted:
            raise invalid("/scopes", "scopes.none", "Choose at least one scope.")
        if wanted & ADMINS_ONLY and role is not Role.ADMIN:
            raise ScopeTooWide
        if not now < expires_at <= now + MAX_LIFE_MS:
            raise invalid("/expires_at", "expires_at.out_of_range", "Choose a time ahead, within a year.")
        if self._repository.count_active(user_id, now) >= MAX_ACTIVE_TOKENS:
            raise TokenLimitReached(MAX_ACTIVE_TOKENS)
        secret = new_secret(ACCESS_TOKEN_PREFIX)
        token = self._repository.add(
            AccessToken(
                public_id=new_id(),
                user_id=user_id,
                name=clean,
                digest=self._digester.digest(secret),
                prefix=shown_prefix(secret),
                last_four=last_four(secret),
                scopes=int(wanted),
                created_at=now,
                expires_at=expires_at,
                last_used_at=None,
                revoked_at=None,
            )
        )
        self._record("accounts.issue_token", token, {"scopes": names_of(wanted), "expires_at": expires_at})
        return IssuedAccess(self._viewed(token), secret)

    def page_of(self, user_id: int, ask: PageRequest) -> Page[TokenView]:
        """Return a person's tokens, newest first."""
        return self._repository.page_of(user_id, ask).map(self._viewed)

    def revoke(self, user_id: int, public_id: bytes) -> TokenView:
        """End a token for good. A second time changes nothing. Raises TokenNotFound."""
        found = self._repository.by_public_id(public_id)
        token = None if found is None else self._repository.lock(found.id)
        if token is None or token.user_id != user_id:
            raise TokenNotFound
        if token.revoked_at is None:
            token.revoked_at = self._clock.now_ms()
            self._record("accounts.revoke_token", token)
        return self._viewed(token)

    def identify(self, secret: str) -> Identity:
        """Return for whom a token speaks; raises TokenRefused. A suspended person's tokens say nothing."""
        if not looks_like_secret(secret, ACCESS_TOKEN_PREFIX):
            raise TokenRefused
        found = self._repository.with_user(self._digester.digest(secret))
        now = self._clock.now_ms()
        if found is None:
            raise TokenRefused
        token, user = found
        if token.revoked_at is not None or token.expires_at <= now or user.state != UserState.ACTIVE:
            raise TokenRefused
        return Identity(
            user_id=user.id,
            user_public_id=user.public_id,
            role=Role(user.role),
            session_id=token.id,
            session_public_id=token.public_id,
            last_seen_at=token.last_used_at or 0,
            scopes=token.scopes,
        )

    def is_due(self, identity: Identity) -> bool:
        """Tell whether the token's use is to be noted: at most once a minute."""
        return self._clock.now_ms() - identity.last_seen_at >= TOUCH_MS

    def touch(self, identity: Identity) -> None:
        """Note that the token is in use."""
        self._repository.touch(identity.session_id, self._clock.now_ms())

    def _viewed(self, token: AccessToken) -> TokenView:
        state: Literal["active", "revoked", "expired"] = "active"
        if token.revoked_at is not None:
            state = "revoked"
        elif token.expires_at <= self._clock.now_ms():
            state = "expired"
        return TokenView(
            public_id=token.public_id,
            name=token.name,
            prefix=token.prefix,
            last_four=token.last_four,
            scopes=names_of(TokenScope(token.scopes)),
            state=state,
            created_at=token.created_at,
            expires_at=token.expires_at,
            last_used_at=token.last_used_at,
        )

    def _record(self, action: str, token: AccessToken, after: dict[str, object] | None = None) -> None:
        self._audit.record(action, ("access_token", encode_id(TOKEN, token.public_id)), after=after)
