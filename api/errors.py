"""Errors become RFC 9457 problem documents: what happened, in which field, under which stable code.

Nothing that was sent is ever echoed: not the value of a field, not a password, not a key.
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.context import request_id_of
from ccmanage.core.db import is_duplicate, is_transient
from ccmanage.core.errors import DomainError, FieldError, Kind, Unavailable
from ccmanage.core.logging import get_logger

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[Kind, int] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.EXHAUSTED: 402,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.INVALID: 422,
    Kind.LIMITED: 429,
    Kind.UNAVAILABLE: 503,
}

# Answers that come from the framework and not from a use case.
_FRAMEWORK_CODES = {
    400: ("request.malformed", "The request cannot be read."),
    404: ("route.unknown", "There is nothing at this address."),
    405: ("method.not_allowed", "This address does not know the method."),
    413: ("body.too_large", "The request is too large."),
}
INTERNAL = "Something went wrong on our side. The request id helps to find it."
_RETRY_SECONDS = 1
_MAX_FIELDS = 50
_MAX_POINTER = 200


class MalformedBody(DomainError):
    """The body is not what its content type says."""

    kind, code = Kind.MALFORMED, "body.malformed"


class UnsupportedMediaType(DomainError):
    """The body has a content type that is not understood here."""

    kind, code = Kind.UNSUPPORTED, "body.unsupported_type"


class DatabaseAway(Unavailable):
    """The database cannot be reached, or is too busy; nothing was done."""

    code = "database.unavailable"

    def __init__(self) -> None:
        super().__init__("The database cannot be reached right now. Nothing was done; try again.")


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    request_id: str,
    fields: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make a problem document."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        "errors": [{"pointer": field.pointer, "code": field.code, "detail": field.detail} for field in fields],
    }
    return Response(json.dumps(body).encode(), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(error: DomainError, request_id: str) -> Response:
    """Make the problem document of a domain error."""
    headers = {}
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    elif error.kind in {Kind.LIMITED, Kind.UNAVAILABLE}:
        seconds = error.facts.get("retry_after_seconds", _RETRY_SECONDS)
        headers["Retry-After"] = str(seconds)
        if error.kind is Kind.LIMITED:
            headers["RateLimit"] = f'"{error.code}";r=0;t={seconds}'
    return problem(
        STATUS[error.kind], error.code, error.public, request_id=request_id, fields=error.fields, headers=headers
    )


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Turn the validator's findings into pointers, codes and sentences, without what was sent."""
    return [
        FieldError(_pointer(error["loc"]), f"field.{error['type']}", str(error["msg"]).removeprefix("Value error, "))
        for error in errors[:_MAX_FIELDS]
    ]


def _pointer(place: Sequence[str | int]) -> str:
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in place[1:]]
    return "".join(f"/{part}" for part in parts)[:_MAX_POINTER]


async def _on_domain_error(request: Request, raised: Exception) -> Response:
    error = cast(DomainError, raised)
    if error.facts or error.kind is Kind.UNAVAILABLE:
        log.info("refused", code=error.code, **{f"fact_{name}": str(value) for name, value in error.facts.items()})
    return problem_of(error, request_id_of(request.scope))


async def _on_database_error(request: Request, error: Exception) -> Response:
    if not is_transient(error) or is_duplicate(error):
        raise error
    log.error("database_unavailable", error=type(error).__name__, text=str(error)[:200])
    return problem_of(DatabaseAway(), request_id_of(request.scope))


async def _on_validation_error(request: Request, raised: Exception) -> Response:
    error = cast(RequestValidationError, raised)
    fields = field_errors(error.errors())
    sentence = "Some fields are not right."
    return problem(422, "input.invalid", sentence, request_id=request_id_of(request.scope), fields=fields)


async def _on_http_exception(request: Request, raised: Exception) -> Response:
    error = cast(HTTPException, raised)
    code, detail = _FRAMEWORK_CODES.get(error.status_code, (f"http.{error.status_code}", "The request was refused."))
    return problem(
        error.status_code, code, detail, request_id=request_id_of(request.scope), headers=error.headers or {}
    )


async def _on_defect(request: Request, _raised: Exception) -> Response:
    """Answer what nobody foresaw; the edge logs it."""
    return problem(500, "internal", INTERNAL, request_id=request_id_of(request.scope))


def install(app: FastAPI) -> None:
    """Let the application answer every error with a problem document."""
    app.add_exception_handler(Exception, _on_defect)
    app.add_exception_handler(DomainError, _on_domain_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(SQLAlchemyError, _on_database_error)
