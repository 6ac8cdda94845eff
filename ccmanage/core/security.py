"""Secrets that people and machines hold: how they are made, digested and compared."""

import hmac
import re
import secrets
import threading
import zlib

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ccmanage.core.errors import DomainError, Kind

API_KEY_PREFIX = "ccm_"
GATEWAY_TOKEN_PREFIX = "ccg_"  # noqa: S105 - a public prefix, not a secret
ACCESS_TOKEN_PREFIX = "ccp_"  # noqa: S105 - a public prefix, not a secret

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH = 36
_CHECK_LENGTH = 6
SECRET_PATTERN = re.compile(r"cc[mgp]_[0-9A-Za-z]{42}")


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, rest = divmod(number, 62)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))


def new_secret(prefix: str) -> str:
    """Make a secret: prefix, 36 random base62 characters (214 bits), CRC32 of both as six base62 characters.

    The check lets a scanner or a typo be recognised without asking the database.
    """
    body = prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return body + _base62(zlib.crc32(body.encode()), _CHECK_LENGTH)


def looks_like_secret(text: str, prefix: str) -> bool:
    """Tell whether the text has the form and the check of a secret that we made."""
    if not text.startswith(prefix) or not SECRET_PATTERN.fullmatch(text):
        return False
    body, check = text[:-_CHECK_LENGTH], text[-_CHECK_LENGTH:]
    return hmac.compare_digest(_base62(zlib.crc32(body.encode()), _CHECK_LENGTH), check)


def shown_prefix(secret: str) -> str:
    """Return the first characters, which may be shown to tell secrets apart."""
    return secret[:8]


def last_four(secret: str) -> str:
    """Return the last characters, which may be shown to tell secrets apart."""
    return secret[-4:]


class Digester:
    """Turns secrets into the keyed digests that are stored and looked up."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper

    def digest(self, secret: str) -> bytes:
        """Return HMAC-SHA256(pepper, secret)."""
        return hmac.digest(self._pepper, secret.encode(), "sha256")


class TooManySignIns(DomainError):
    """All places for hashing are taken; hashing more at once would starve everything else."""

    kind, code = Kind.UNAVAILABLE, "auth.busy"


class Passwords:
    """Argon2id, tuned to 50-100 ms on a small server, with a bounded number at once."""

    def __init__(self, *, at_once: int = 2, memory_kib: int = 19_456, rounds: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._places = threading.BoundedSemaphore(at_once)
        self._wait_seconds = 5.0
        self._dummy: str | None = None

    def hash(self, password: str) -> str:
        """Return the PHC string of a password."""
        with self._place():
            return self._hasher.hash(password)

    def verify(self, password: str, phc: str | None) -> bool:
        """Check a password; a missing hash costs the same time as a wrong password."""
        with self._place():
            if phc is None:
                self._burn(password)
                return False
            try:
                return self._hasher.verify(phc, password)
            except (VerificationError, InvalidHashError):
                return False

    def needs_rehash(self, phc: str) -> bool:
        """Tell whether the hash was made with weaker settings."""
        return self._hasher.check_needs_rehash(phc)

    def _burn(self, password: str) -> None:
        if self._dummy is None:
            # One hash costs what one check costs: the first stranger waits no longer than the others.
            self._dummy = self._hasher.hash("nobody's password")
            return
        try:
            self._hasher.verify(self._dummy, password)
        except VerificationError:
            return

    def _place(self) -> "_Place":
        return _Place(self._places, self._wait_seconds)


class _Place:
    """One of the places for hashing, held for the length of a hash."""

    def __init__(self, places: threading.BoundedSemaphore, wait_seconds: float) -> None:
        self._places = places
        self._wait_seconds = wait_seconds

    def __enter__(self) -> None:
        if not self._places.acquire(timeout=self._wait_seconds):
            raise TooManySignIns("Too many people sign in at this moment. Try again in a few seconds.")

    def __exit__(self, *_exc: object) -> None:
        self._places.release()
