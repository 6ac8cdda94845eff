"""Outside ids for rows that have no column for one: the row's number, enciphered.

A usage event is one of many millions; a random id would cost each sixteen bytes and a place in an index that is
written at random. One AES block under a key of its own gives an id that tells nothing and costs nothing. Half of
the block is zeros, so that an invented id is recognised without asking the database.
"""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from ccmanage.core.crypto import derive_key
from ccmanage.core.ids import UnknownId, decode_id, encode_id


class PublicNumbers:
    """Turns numbers of one kind of rows into ids and back."""

    def __init__(self, secret: bytes, prefix: str) -> None:
        # One block, never a message: ECB is what a block cipher by itself is called.
        self._cipher = Cipher(AES(derive_key(secret, f"public-numbers/{prefix}")), ECB())  # noqa: S305  # nosec B305 - one block, a permutation of numbers
        self._prefix = prefix

    def encode(self, number: int) -> str:
        """Return the outside id of a row."""
        encryptor = self._cipher.encryptor()
        return encode_id(self._prefix, encryptor.update(number.to_bytes(16, "big")))

    def decode(self, text: str) -> int:
        """Return the row's number; raises UnknownId."""
        decryptor = self._cipher.decryptor()
        block = decryptor.update(decode_id(self._prefix, text))
        if any(block[:8]):
            raise UnknownId(f"There is nothing with this id of the form {self._prefix}_…")
        return int.from_bytes(block[8:], "big")
