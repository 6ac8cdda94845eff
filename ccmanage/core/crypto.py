"""Encryption at rest: AES-256-GCM under a key ring, and blind indexes to find what is encrypted.

Every purpose has its own key, derived by HKDF, so that no key serves twice. What is encrypted is bound
to its place (table, column, row): a value copied elsewhere does not decrypt.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORMAT = 1
_NONCE = 12


class CannotDecrypt(Exception):
    """The key is not in the ring, or the value was changed or moved."""


def decode_secret(text: str) -> bytes:
    """Turn a configured secret into bytes: base64 of at least 32 bytes, or any text of at least 32 characters."""
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    if len(raw) >= 32:
        return raw
    encoded = text.encode()
    if len(encoded) < 32:
        raise ValueError("a secret needs at least 32 bytes; make one with: openssl rand -base64 32")
    return encoded


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Derive the 32-byte key of one purpose."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"ccmanage/{purpose}".encode()).derive(secret)


def key_id(secret: bytes) -> bytes:
    """Return the four bytes by which an envelope names its key."""
    return hashlib.sha256(b"ccmanage/key-id" + secret).digest()[:4]


class KeyRing:
    """Encrypts with the first key, decrypts with any."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets:
            raise ValueError("the key ring is empty")
        self._ciphers = {key_id(secret): AESGCM(derive_key(secret, "at-rest")) for secret in secrets}
        self._primary = key_id(secrets[0])
        self._index_keys = [derive_key(secret, "blind-index") for secret in secrets]

    def encrypt(self, plain: str, context: str) -> bytes:
        """Encrypt text for one place, e.g. `users.email:<row id>`."""
        return self.encrypt_bytes(plain.encode(), context)

    def decrypt(self, envelope: bytes, context: str) -> str:
        """Decrypt what `encrypt` made for the same place; raises CannotDecrypt."""
        return self.decrypt_bytes(envelope, context).decode()

    def encrypt_bytes(self, plain: bytes, context: str) -> bytes:
        """Encrypt bytes for one place."""
        nonce = os.urandom(_NONCE)
        header = bytes([_FORMAT]) + self._primary
        sealed = self._ciphers[self._primary].encrypt(nonce, plain, header + context.encode())
        return header + nonce + sealed

    def decrypt_bytes(self, envelope: bytes, context: str) -> bytes:
        """Decrypt what `encrypt_bytes` made for the same place; raises CannotDecrypt."""
        header, nonce, sealed = envelope[:5], envelope[5 : 5 + _NONCE], envelope[5 + _NONCE :]
        cipher = self._ciphers.get(header[1:])
        if cipher is None or header[:1] != bytes([_FORMAT]):
            raise CannotDecrypt("no key in ENCRYPTION_KEYS made this value")
        try:
            return cipher.decrypt(nonce, sealed, header + context.encode())
        except InvalidTag as error:
            raise CannotDecrypt("the value does not belong here") from error

    @property
    def primary(self) -> bytes:
        """The four bytes by which envelopes name the key that encrypts."""
        return self._primary

    def needs_rewrap(self, envelope: bytes) -> bool:
        """Tell whether the value was made with another key than the first."""
        return envelope[1:5] != self._primary

    def rewrap(self, envelope: bytes, context: str) -> bytes:
        """Return the same value under the first key; raises CannotDecrypt."""
        return self.encrypt_bytes(self.decrypt_bytes(envelope, context), context)

    def blind_index(self, value: str, purpose: str) -> bytes:
        """Return the keyed digest under which an encrypted value is kept: made with the first key."""
        return self.blind_indexes(value, purpose)[0]

    def blind_indexes(self, value: str, purpose: str) -> Sequence[bytes]:
        """Return the digests under which a value may be found, one for each key of the ring, the first key's first.

        Whoever looks asks for all of them: a key that was put in front must not lose what was kept before.
        """
        said = f"{purpose}\0{value}".encode()
        return [hmac.digest(key, said, "sha256") for key in self._index_keys]
