"""What can go wrong with requests for credits."""

from ccmanage.core.errors import DomainError, Kind


class RequestNotFound(DomainError):
    """No such request, or one of another workspace."""

    kind, code = Kind.NOT_FOUND, "credit_request.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such request.")


class RequestOpen(DomainError):
    """A workspace asks one thing at a time."""

    kind, code = Kind.CONFLICT, "credit_request.open"

    def __init__(self) -> None:
        super().__init__("A request of this workspace waits for an answer. Withdraw it to ask anew.")


class RequestDecided(DomainError):
    """Somebody was faster."""

    kind, code = Kind.CONFLICT, "credit_request.decided"

    def __init__(self) -> None:
        super().__init__("This request was decided or withdrawn already.")
