"""What can go wrong with gateways."""

from ccmanage.core.errors import DomainError, Forbidden, Kind, NotFound, Unauthenticated


class GatewayNotFound(NotFound):
    """There is no such gateway."""

    code = "gateways.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such gateway.")


class GatewayRevoked(DomainError):
    """A revoked gateway stays revoked."""

    kind, code = Kind.CONFLICT, "gateways.revoked"

    def __init__(self) -> None:
        super().__init__("This gateway is revoked. Create another one.")


class TokenRefused(Unauthenticated):
    """The token is unknown, has run out, or its gateway is revoked."""

    code = "gateways.token_refused"

    def __init__(self) -> None:
        super().__init__("The gateway token is not valid.")


class ScopeMissing(Forbidden):
    """The gateway may not do this."""

    code = "gateways.scope_missing"

    def __init__(self, scope: str) -> None:
        super().__init__(f"The gateway needs the scope {scope}.")
