"""What can go wrong with usage."""

from ccmanage.core.errors import DomainError, FieldError, Kind


class EventRejected(DomainError):
    """One item of a post breaks a rule; its neighbours are not touched."""

    def __init__(self, code: str, detail: str, *, pointer: str = "") -> None:
        super().__init__(detail, fields=[FieldError(pointer, code, detail)])
        self.code = code  # type: ignore[misc]


class MalformedPost(DomainError):
    """The body as a whole cannot be read; nothing was stored."""

    kind, code = Kind.MALFORMED, "body.malformed"

    def __init__(self, why: str) -> None:
        super().__init__(f"The body is not valid JSON: {why[:200]}. Nothing was stored.")


class UnsupportedBody(DomainError):
    """The content type or encoding is not one that is read; nothing was stored."""

    kind, code = Kind.UNSUPPORTED, "body.unsupported"


class TooManyEvents(DomainError):
    """More items than one post may hold; nothing was stored."""

    kind, code = Kind.TOO_LARGE, "body.too_many_events"

    def __init__(self, count: int) -> None:
        super().__init__(f"A post holds at most 1000 events; this one has {count}. Nothing was stored.")


class BodyTooLarge(DomainError):
    """More bytes than one post may hold; nothing was stored."""

    kind, code = Kind.TOO_LARGE, "body.too_large"

    def __init__(self) -> None:
        super().__init__("A post holds at most 8 MiB after decoding. Nothing was stored; send it in parts.")


class WaitingRoomFull(DomainError):
    """More posts wait for the database than memory may hold; nothing was stored."""

    kind, code = Kind.UNAVAILABLE, "ingress.full"

    def __init__(self) -> None:
        super().__init__("The ingress is full. Nothing was stored; post again in a few seconds.")


class BatchNotFound(DomainError):
    """No such batch, or another gateway's."""

    kind, code = Kind.NOT_FOUND, "batch.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such batch.")


class QuarantineNotFound(DomainError):
    """No such quarantined event."""

    kind, code = Kind.NOT_FOUND, "quarantine.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such quarantined event.")


class CannotRedrive(DomainError):
    """The quarantined event is resolved, or it is a conflict that would only conflict again."""

    kind, code = Kind.CONFLICT, "quarantine.cannot_redrive"
