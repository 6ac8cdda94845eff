"""The one wrapper around python-jose. Nothing else imports it.

python-jose accepts tokens without the claims one asked for, an empty secret, any algorithm list and
malleable texts, and lets errors of other types escape. So: the form is checked first, the header must be
exactly ours, every claim is required, every failure is one error, and nobody may key anything by the text.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jose import jwt

from ccmanage.core.crypto import derive_key, key_id
from ccmanage.core.errors import Unauthenticated

_ALGORITHM = "HS256"
_ISSUER = "ccmanage"
_MAX_LENGTH = 2_048
_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_HEADER = re.compile(rb'\{"alg":"HS256","kid":"([0-9a-f]{8})","typ":"JWT"\}')
_REQUIRED = ("aud", "iss", "sub", "jti")


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token speaks for: the session (`jti`) and its user (`sub`), until `expires_at`."""

    subject: str
    session: str
    issued_at: int
    expires_at: int


class Tokens:
    """Signs with the first secret, verifies with any; the header's `kid` says which."""

    def __init__(self, secrets: Sequence[bytes], audience: str) -> None:
        # base64url, because python-jose would parse a secret that looks like JSON as a list of keys
        self._keys = {
            key_id(secret).hex(): base64.urlsafe_b64encode(derive_key(secret, f"jwt/{audience}")).decode()
            for secret in secrets
        }
        self._signing = key_id(secrets[0]).hex()
        self._audience = audience

    def issue(self, claims: Claims) -> str:
        """Sign the claims."""
        body = {
            "iss": _ISSUER,
            "aud": self._audience,
            "sub": claims.subject,
            "jti": claims.session,
            "iat": claims.issued_at // 1000,
            "nbf": claims.issued_at // 1000,
            "exp": claims.expires_at // 1000,
        }
        token = jwt.encode(body, self._keys[self._signing], _ALGORITHM, headers={"kid": self._signing})
        return str(token)

    def verify(self, token: str, now_ms: int) -> Claims:
        """Return the claims of a token that holds at the given instant; raises Unauthenticated."""
        if len(token) > _MAX_LENGTH or not _FORM.fullmatch(token):
            raise _refused()
        try:
            body = self._decode(token)
            claims = Claims(body["sub"], body["jti"], body["iat"] * 1000, body["exp"] * 1000)
        except Exception as error:  # python-jose lets JWKError, AttributeError and others escape
            raise _refused() from error
        if not (claims.issued_at - 10_000 <= now_ms < claims.expires_at):
            raise _refused()
        return claims

    def _decode(self, token: str) -> Mapping[str, Any]:
        head = token.partition(".")[0]
        header = _HEADER.fullmatch(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        if header is None:
            raise _refused()
        options: dict[str, Any] = {f"require_{claim}": True for claim in _REQUIRED}
        # Time is judged by our own clock in verify(), which tests can move; requiring a time claim would
        # switch python-jose's own judgement on again, so their presence is checked below.
        options |= {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        body: Mapping[str, Any] = jwt.decode(
            token,
            self._keys[header.group(1).decode()],
            algorithms=[_ALGORITHM],
            audience=self._audience,
            issuer=_ISSUER,
            options=options,
        )
        times = (body["exp"], body["iat"], body["nbf"])
        if not all(isinstance(value, int) for value in times) or not isinstance(body["sub"], str):
            raise _refused()
        return body


def _refused() -> Unauthenticated:
    return Unauthenticated("The session is not valid. Sign in again.")
