"""One's personal access tokens, for scripts."""

from typing import Annotated, Literal

from pydantic import Field

from api.deps import AuthenticatorDep, PageDep, Person, ScopeDep, StepUp
from api.routing import router
from api.schemas import In, Moment, MomentIn, Name, Out, PageOut, ShownOnce
from ccmanage.accounts.tokens import IssuedAccess, TokenView
from ccmanage.core.ids import TOKEN, decode_id, encode_id

tokens = router("/v1/me/tokens", "access tokens")

ScopeName = Literal["read", "usage", "keys", "write", "admin:read", "admin", "sensitive"]


class TokenIssueIn(In):
    """A token to be made. It runs out within a year; it can never do more than its maker."""

    name: Name
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=7)]
    expires_at: MomentIn


class TokenFields(Out):
    """What may be shown of a token at any time."""

    id: str
    name: str
    prefix: str
    last_four: str
    scopes: list[str]
    state: Literal["active", "revoked", "expired"]
    created_at: Moment
    expires_at: Moment
    last_used_at: Moment | None


class TokenOut(TokenFields):
    """A personal access token."""

    @classmethod
    def of(cls, token: TokenView) -> "TokenOut":
        """Make the answer."""
        return cls(**_fields(token))


class TokenIssuedOut(TokenFields, ShownOnce):
    """A personal access token with its secret, which is shown here and never again."""

    secret: str

    @classmethod
    def of(cls, issued: IssuedAccess) -> "TokenIssuedOut":
        """Make the answer."""
        return cls(**_fields(issued.token), secret=issued.secret)


@tokens.get("")
def list_(caller: Person, scope: ScopeDep, ask: PageDep) -> PageOut[TokenOut]:
    """List one's tokens, newest first."""
    return PageOut[TokenOut].of(scope.tokens.page_of(caller.user_id, ask), TokenOut.of)


@tokens.post("", status_code=201)
def issue(caller: Person, fresh: StepUp, scope: ScopeDep, body: TokenIssueIn) -> TokenIssuedOut:
    """Make a token for scripts: `Authorization: Bearer ccp_…`. It is shown in this answer and never again."""
    issued = scope.tokens.issue(caller.user_id, caller.identity.role, body.name, body.scopes, body.expires_at)
    return TokenIssuedOut.of(issued)


@tokens.post("/{token_id}/revoke")
def revoke(caller: Person, scope: ScopeDep, token_id: str, authenticator: AuthenticatorDep) -> TokenOut:
    """End a token for good, everywhere within two seconds. A second time changes nothing."""
    revoked = scope.tokens.revoke(caller.user_id, decode_id(TOKEN, token_id))
    authenticator.forget_all()
    return TokenOut.of(revoked)


def _fields(token: TokenView) -> dict[str, object]:
    return {
        "id": encode_id(TOKEN, token.public_id),
        "name": token.name,
        "prefix": token.prefix,
        "last_four": token.last_four,
        "scopes": token.scopes,
        "state": token.state,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }
