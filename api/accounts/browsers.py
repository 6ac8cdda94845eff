"""Which browsers have signed in before: a cookie that only this server can make, good for one address.

It opens nothing. It gives its browser a count of failures of its own, so that strangers who guess somebody's password
cannot slow that person down (see `ccmanage.accounts.throttle`), and it tells a new browser from a known one.
"""

import base64
import hmac
import secrets
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from ccmanage.core.clock import DAY, SECOND
from ccmanage.core.crypto import decode_secret, derive_key

BROWSER_COOKIE = "ccm_browser"
_PATH = "/v1"
_KEPT_SECONDS = 400 * DAY // SECOND
_MAX_PEOPLE = 3
_MAC_BYTES = 18
_NONCE_LENGTH = 24


class Browsers:
    """Marks browsers by a nonce and, for each person who signed in there, a seal over nonce and address."""

    def __init__(self, secret_keys: Sequence[str], *, secure: bool) -> None:
        self._keys = [derive_key(decode_secret(secret), "browsers") for secret in secret_keys]
        self._secure = secure

    def mark_for(self, request: Request, account: str) -> str | None:
        """Return the browser's mark if this account has signed in there before."""
        nonce, seals = self._read(request)
        expected = [self._seal(key, nonce, account) for key in self._keys] if nonce else []
        known = any(hmac.compare_digest(seal.encode(), own.encode()) for seal in seals for own in expected)
        return nonce if known else None

    def mark_of(self, request: Request) -> str:
        """Return the mark that the browser has, or the one that it would get."""
        return self._read(request)[0] or secrets.token_hex(_NONCE_LENGTH // 2)

    def remember(self, request: Request, response: Response, account: str, mark: str) -> None:
        """Let the browser be known for this account from now on."""
        nonce, seals = mark, self._read(request)[1]
        mine = [self._seal(key, nonce, account) for key in self._keys]
        others = [seal for seal in seals if seal not in mine]
        value = ".".join([nonce, mine[0], *others[: _MAX_PEOPLE - 1]])
        response.set_cookie(
            BROWSER_COOKIE, value, max_age=_KEPT_SECONDS, path=_PATH, httponly=True, secure=self._secure, samesite="lax"
        )

    @staticmethod
    def _read(request: Request) -> tuple[str, list[str]]:
        nonce, *seals = request.cookies.get(BROWSER_COOKIE, "").split(".")
        if len(nonce) != _NONCE_LENGTH or not nonce.isalnum() or not nonce.isascii():
            return "", []
        return nonce, [seal for seal in seals[:_MAX_PEOPLE] if seal.isascii()]

    @staticmethod
    def _seal(key: bytes, nonce: str, account: str) -> str:
        mac = hmac.digest(key, f"{nonce}\0{account}".encode(), "sha256")[:_MAC_BYTES]
        return base64.urlsafe_b64encode(mac).decode()
