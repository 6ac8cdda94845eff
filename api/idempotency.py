"""`Idempotency-Key`: a repeated request is answered from the record of the first, not done again.

The record is written in the deed's own transaction: both are there, or neither. Two requests at once with
one key meet in the record's unique key; the slower one is run again and finds the answer of the faster.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ccmanage.bootstrap import Scope
from ccmanage.core.errors import DomainError, Kind
from ccmanage.core.idempotency import IdempotencyRecord, find_record, keep_record, open_body, seal_body

HEADER: Final = "idempotency-key"
_KEY: Final = "ccmanage.idempotency"
_FORM = re.compile(r"[\x21-\x7e]{1,255}")
_SUCCESS = range(200, 300)


class KeyInvalid(DomainError):
    """The header's value is not usable."""

    kind, code = Kind.MALFORMED, "idempotency.key_invalid"

    def __init__(self) -> None:
        super().__init__("Use 1 to 255 visible ASCII characters as Idempotency-Key.")


class KeyReused(DomainError):
    """The same key came with another request."""

    kind, code = Kind.INVALID, "idempotency.key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request. Use a new one.")


class SecretAlreadyShown(DomainError):
    """What was asked was done, and its secret was shown then."""

    kind, code = Kind.CONFLICT, "idempotency.secret_already_shown"

    def __init__(self) -> None:
        super().__init__("This was done already, and the secret was shown then. Rotate it to get a new one.")


class Replayed(Exception):
    """The request was done before; carries the stored answer out of the dependencies."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class _Pending:
    """A keyed request under way, and the transaction that its record belongs to."""

    scope: Scope
    name: bytes
    request_hash: bytes


def key_of(request: Request) -> str | None:
    """Return the request's key; raises KeyInvalid."""
    key = request.headers.get(HEADER)
    if key is not None and not _FORM.fullmatch(key):
        raise KeyInvalid
    return key


def look_up(request: Request, scope: Scope, caller: int, key: str, body: bytes) -> None:
    """Raise Replayed, KeyReused or SecretAlreadyShown if the key is known; else remember that it is under way."""
    target = f"{request.method} {request.scope['path']}"
    name = _digest(str(caller).encode(), target.encode(), key.encode())
    workspace = request.headers.get("x-workspace", "").encode()
    request_hash = _digest(request.scope.get("query_string", b""), workspace, body)
    record = find_record(scope.session, name, scope.clock.now_ms())
    if record is not None:
        raise _answered(scope, record, request_hash)
    request.scope[_KEY] = _Pending(scope, name, request_hash)


def begin(request: Request) -> None:
    """Forget what an earlier try of the same request left."""
    request.scope.pop(_KEY, None)


def keep(request: Request, response: Response, *, shows_secret: bool) -> None:
    """Write the record of a deed that was done, inside its transaction."""
    pending: _Pending | None = request.scope.get(_KEY)
    if pending is None or response.status_code not in _SUCCESS:
        return
    scope, body = pending.scope, bytes(response.body)
    record = IdempotencyRecord(
        scope=pending.name,
        request_hash=pending.request_hash,
        status=response.status_code,
        content_type=response.headers.get("content-type", ""),
        body=None if shows_secret else seal_body(scope.ring, pending.name, body),
        created_at=scope.clock.now_ms(),
    )
    keep_record(scope.session, record)


def is_pending(request: Request) -> bool:
    """Tell whether there is a record to be written."""
    return _KEY in request.scope


def _answered(scope: Scope, record: IdempotencyRecord, request_hash: bytes) -> Exception:
    if record.request_hash != request_hash:
        return KeyReused()
    if record.body is None:
        return SecretAlreadyShown()
    body = open_body(scope.ring, record.scope, record.body)
    headers = {"Idempotent-Replayed": "true"}
    if record.content_type:
        headers["Content-Type"] = record.content_type
    return Replayed(Response(body, record.status, headers=headers))


def _digest(*parts: bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()
