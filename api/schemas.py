"""What all bodies have in common: nothing extra, nothing coerced, times and credits as the contract writes them."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from ccmanage.core.clock import parse_rfc3339, to_rfc3339
from ccmanage.core.money import format_credits, parse_credits
from ccmanage.core.pagination import Page
from ccmanage.core.text import MAX_REASON

T = TypeVar("T")
E = TypeVar("E")

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_LAST_INSTANT = 253_402_300_799_999  # the end of the year 9999
_CREDITS_PATTERN = r"^-?\d{1,10}(\.\d{1,9})?$"


class In(BaseModel):
    """A body that is sent to us. No field is guessed, and unknown ones are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)


class Out(BaseModel):
    """A body that we send. Every field is always there; what does not apply is null."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShownOnce(Out):
    """An answer that holds a secret: never stored, so it cannot be given a second time."""


class PageOut(Out, Generic[T]):
    """Some items, and the cursor of the next ones (null at the end)."""

    model_config = ConfigDict(json_schema_extra={"description": "Some items; `next_cursor` is null at the end."})

    items: list[T]
    next_cursor: str | None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the page of `KeyOut` `KeyPage`."""
        return f"{params[0].__name__.removesuffix('Out')}Page"

    @classmethod
    def of(cls, page: Page[E], make: Callable[[E], T]) -> Self:
        """Make the answer of a page."""
        return cls(items=[make(item) for item in page.items], next_cursor=page.next_cursor)


class Ref(Out):
    """A thing by its id and the name that people know it by."""

    id: str
    name: str


def _read_moment(value: object) -> int:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("Write a time as 2026-11-23T07:00:00Z, with its zone.")
    try:
        instant = parse_rfc3339(value.upper())
    except ValueError:
        raise ValueError("There is no such time.") from None
    if not 0 <= instant <= _LAST_INSTANT:
        raise ValueError("The time is out of range.")
    return instant


def _read_credits(value: object) -> int:
    if not isinstance(value, str):
        # A number would be a float on its way here, and floats lose nanos.
        raise ValueError('Write credits as a decimal string, such as "12.5".')  # noqa: TRY004 - a bad field
    return parse_credits(value)


_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time", "examples": ["2026-11-23T07:00:00.000Z"]}
_CREDITS: dict[str, Any] = {"type": "string", "pattern": _CREDITS_PATTERN, "examples": ["12.5"]}

MomentIn = Annotated[int, BeforeValidator(_read_moment), WithJsonSchema(_MOMENT)]
Moment = Annotated[int, PlainSerializer(to_rfc3339, return_type=str), WithJsonSchema(_MOMENT)]
CreditsIn = Annotated[int, BeforeValidator(_read_credits), WithJsonSchema(_CREDITS)]
Credits = Annotated[int, PlainSerializer(format_credits, return_type=str), WithJsonSchema(_CREDITS)]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Revision = Annotated[int, Field(ge=1, le=2**31, description="The `revision` that was read; a later one is a 409.")]
Reason = Annotated[str, Field(min_length=1, max_length=MAX_REASON)]


class ReasonIn(In):
    """Why an administrator does something; kept in the audit log."""

    reason: Reason


class OverlapIn(In):
    """For how long the old secret shall go on working after a rotation."""

    overlap_seconds: Annotated[int, Field(ge=0, le=604_800)] = 86_400
