"""What can go wrong with personal access tokens."""

from ccmanage.core.errors import DomainError, Forbidden, Kind, NotFound, Unauthenticated


class TokenRefused(Unauthenticated):
    """There is no such token, or it is over. The same answer for all of these."""

    code = "accounts.token_refused"

    def __init__(self) -> None:
        super().__init__("This access token is unknown, revoked or has run out. Make a new one in the portal.")


class TokenNotFound(NotFound):
    """There is no such token of this person."""

    code = "accounts.token_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such access token.")


class TokenLimitReached(DomainError):
    """One person holds only so many tokens."""

    kind, code = Kind.CONFLICT, "accounts.token_limit"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You have {limit} access tokens. Revoke one first.")


class ScopeMissing(Forbidden):
    """The token was made for other things."""

    code = "auth.scope_missing"

    def __init__(self) -> None:
        super().__init__("This access token may not do this. Make one with the scope that it needs.")


class ScopeTooWide(Forbidden):
    """Nobody can give a token more than they have."""

    code = "accounts.scope_too_wide"

    def __init__(self) -> None:
        super().__init__("Only administrators can make access tokens for administration.")
