"""Errors say what happened; the edge decides which status that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What sort of trouble: one HTTP status each, named in `api/errors.py`."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    EXHAUSTED = "exhausted"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    INVALID = "invalid"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field: a JSON pointer, a stable code, a sentence that says what to do."""

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """A fact that ends a use case. `public` is for people; `facts` go to the log only."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "error"

    def __init__(self, public: str, *, fields: Sequence[FieldError] = (), **facts: object) -> None:
        super().__init__(public)
        self.public = public
        self.fields = tuple(fields)
        self.facts = facts


class InvalidInput(DomainError):
    """One or more fields break a rule."""

    kind, code = Kind.INVALID, "input.invalid"


class NotFound(DomainError):
    """The thing does not exist, or belongs to somebody else."""

    kind, code = Kind.NOT_FOUND, "not_found"


class Forbidden(DomainError):
    """The caller is known and may not do this."""

    kind, code = Kind.FORBIDDEN, "forbidden"


class Unauthenticated(DomainError):
    """Nobody is signed in, or the credential does not hold."""

    kind, code = Kind.UNAUTHENTICATED, "unauthenticated"


class Unavailable(DomainError):
    """Something that is needed is away or full; trying again later helps."""

    kind, code = Kind.UNAVAILABLE, "unavailable"


def invalid(pointer: str, code: str, detail: str) -> InvalidInput:
    """Make the error for a single bad field."""
    return InvalidInput(detail, fields=[FieldError(pointer, code, detail)])
