"""Links by which one stops a kind of notification without signing in: they name address and kind, and are signed."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

from ccmanage.core.crypto import derive_key

_MAC: Final = 20
_INDEX: Final = 32


class StopLinks:
    """Makes the links and reads them. The first secret signs, all verify; a link never runs out."""

    def __init__(self, secrets: Sequence[bytes], public_url: str) -> None:
        self._keys = [derive_key(secret, "mail-stop") for secret in secrets]
        self._public_url = public_url

    def token(self, address_index: bytes, template: str) -> str:
        """Return what a link says."""
        said = address_index + template.encode()
        return urlsafe_b64encode(self._mac(self._keys[0], said) + said).decode().rstrip("=")

    def read(self, token: str) -> tuple[bytes, str] | None:
        """Return the address's digest and the kind of mail, or None if we did not make the link."""
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        mac, said = raw[:_MAC], raw[_MAC:]
        if len(said) <= _INDEX or not any(hmac.compare_digest(mac, self._mac(key, said)) for key in self._keys):
            return None
        return said[:_INDEX], said[_INDEX:].decode()

    def one_click(self, token: str) -> str:
        """Return the address that a mail program posts to (RFC 8058)."""
        return f"{self._public_url}/v1/mail/stop?t={token}"

    def page(self, token: str) -> str:
        """Return the page that a reader sees."""
        return f"{self._public_url}/stop-mails?t={token}"

    @staticmethod
    def _mac(key: bytes, said: bytes) -> bytes:
        return hmac.digest(key, said, "sha256")[:_MAC]
