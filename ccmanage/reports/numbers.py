"""Outside ids for rows that have none of their own: events, settlements, renewals are too many for one more unique key.

A number is hidden in one block of AES, which can be read back but tells neither how many there are nor which come
next. The key never changes, so links to an event hold for ever.
"""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from ccmanage.core.crypto import derive_key

EVENT: Final = 1
SETTLEMENT: Final = 2
RENEWAL: Final = 3

_KIND_BYTES = 8
_BLOCK_BYTES = 16


class OutsideNumbers:
    """Turns the number of a row into sixteen bytes and back."""

    def __init__(self, secret: bytes) -> None:
        # A single block with a fixed, distinct content each: nothing that chaining would protect.
        self._cipher = Cipher(AES(derive_key(secret, "outside-numbers")), ECB())  # noqa: S305  # nosec B305 - one block, a permutation of numbers

    def hide(self, kind: int, number: int) -> bytes:
        """Return the sixteen bytes that stand for a row of a kind."""
        block = kind.to_bytes(_KIND_BYTES, "big") + number.to_bytes(_BLOCK_BYTES - _KIND_BYTES, "big")
        return self._cipher.encryptor().update(block)

    def find(self, kind: int, hidden: bytes) -> int | None:
        """Return the number of the row, None if the bytes stand for none of that kind."""
        block = self._cipher.decryptor().update(hidden)
        if int.from_bytes(block[:_KIND_BYTES], "big") != kind:
            return None
        number = int.from_bytes(block[_KIND_BYTES:], "big")
        return number if number < 1 << 63 else None
