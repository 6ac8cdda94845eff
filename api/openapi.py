"""The OpenAPI document: what each operation can answer is derived from what it asks for."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from api.deps import CALLERS, arrived, open_scope
from api.errors import MEDIA_TYPE

_PEOPLE: list[dict[str, list[str]]] = [{"bearer": []}, {"session": []}]
_MUTATIONS = frozenset({"post", "put", "patch", "delete"})
_DESCRIPTIONS = {
    400: "The request cannot be read.",
    401: "Nobody is signed in, or the credential does not hold.",
    402: "Not enough credits.",
    403: "The caller may not do this.",
    404: "There is no such thing, or it is somebody else's.",
    409: "It does not fit what is there.",
    413: "The body is too large.",
    415: "The body's content type is not understood.",
    422: "Some fields are not right.",
    429: "Too many requests or attempts; `Retry-After` says when to come back.",
    503: "Something that is needed is away or busy; nothing was done. `Retry-After` says when to try again.",
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "An error as RFC 9457 describes it. `code` is stable, `detail` is for people.",
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
}
_FIELD_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "FieldProblem",
    "description": "One bad field: a JSON pointer, a stable code, a sentence.",
    "required": ["pointer", "code", "detail"],
    "additionalProperties": False,
    "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}, "detail": {"type": "string"}},
}
_SCHEMES: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` of `POST /v1/auth/login`, or a personal access token (`ccp_…`) within its"
        " scopes.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "ccm_session",
        "description": "The portal's cookie. Writes also need the header `X-CSRF-Token` with the value of the cookie"
        " `ccm_csrf`, and an `Origin` of this server.",
    },
    "gateway": {"type": "http", "scheme": "bearer", "description": "A gateway's token (`ccg_…`)."},
}
_IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeating the request with the same key within a day answers from the first, with"
    " `Idempotent-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
INTRODUCTION = """\
Credits, keys and usage of Claude Code for many people.

Times are RFC 3339 in UTC. Credits are decimal strings; one credit is one US dollar of list price unless the
installation says otherwise. Lists take `limit` and `cursor` and return `items` and `next_cursor`.
"""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe error answers for an operation's `responses`."""
    return {
        status: {
            "description": _DESCRIPTIONS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Let the application describe itself this way."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = make(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def make(app: FastAPI) -> dict[str, Any]:
    """Make the document."""
    found = get_openapi(title=app.title, version=app.version, description=INTRODUCTION, routes=app.routes)
    for context in iter_route_contexts(app.routes):
        path = found["paths"].get(context.path, {})
        for method in (context.methods or set()) & {name.upper() for name in path}:
            _complete(path[method.lower()], method.lower(), context)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= {"Problem": _PROBLEM, "FieldProblem": _FIELD_PROBLEM}
    found["components"]["securitySchemes"] = _SCHEMES
    return found


def dependencies_of(dependant: Dependant) -> Iterator[Any]:
    """Return every function that an endpoint depends on, however deep."""
    for inner in dependant.dependencies:
        yield inner.call
        yield from dependencies_of(inner)


def _complete(operation: dict[str, Any], method: str, context: Any) -> None:
    needs = set(dependencies_of(context.dependant)) if context.dependant else set()
    responses: dict[str, Any] = operation["responses"]
    if "422" in responses and MEDIA_TYPE not in responses["422"].get("content", {}):
        del responses["422"]
    if needs & CALLERS:
        operation["security"] = _PEOPLE
    if method in _MUTATIONS and open_scope in needs:
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    limited = {429} if context.path.startswith("/v1/") else set()
    for status, described in problems(*sorted(_statuses(operation, method, needs) | limited)).items():
        responses.setdefault(str(status), described)
    operation["responses"] = dict(sorted(responses.items()))


def _statuses(operation: dict[str, Any], method: str, needs: set[Any]) -> set[int]:
    statuses = set()
    parameters = operation.get("parameters", [])
    if "requestBody" in operation:
        statuses |= {400, 413, 415, 422}
    if parameters:
        statuses.add(422)
    if any(parameter["in"] == "path" or parameter["name"] in {"X-Workspace", "actor_id"} for parameter in parameters):
        statuses.add(404)
    if needs & CALLERS:
        statuses |= {401, 503}
        if method in _MUTATIONS or needs & (CALLERS - {arrived}):
            statuses.add(403)
    if method in _MUTATIONS and open_scope in needs:
        statuses |= {400, 409, 422}
    return statuses
