"""What can go wrong with API keys."""

from ccmanage.core.errors import DomainError, Kind, NotFound


class KeyNotFound(NotFound):
    """There is no such key, or it is somebody else's."""

    code = "keys.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such key.")


class KeyNotActive(DomainError):
    """A key that is revoked or has expired cannot be rotated."""

    kind, code = Kind.CONFLICT, "keys.not_active"

    def __init__(self) -> None:
        super().__init__("This key is not active any more. Create another one.")


class KeyLimitReached(DomainError):
    """The workspace has as many active keys as it may have."""

    kind, code = Kind.CONFLICT, "keys.limit_reached"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A workspace may have {limit} active keys. Revoke one first.")
