"""Ids for outsiders: a prefix and 26 characters of Crockford's base32 over a UUIDv7."""

import uuid_utils

from ccmanage.core.errors import DomainError, Kind

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_LENGTH = 26

USER = "usr"
SESSION = "ses"
CHALLENGE = "chl"
IDENTITY = "idn"
TOKEN = "tok"  # noqa: S105 - a public prefix, not a secret
WORKSPACE = "ws"
INVITATION = "inv"
GATEWAY = "gw"
KEY = "key"
BATCH = "bat"
EVENT = "evt"
GRANT = "grt"
PRICE = "prc"
QUARANTINE = "qua"
AUDIT = "aud"
SETTLEMENT = "set"
PACKAGE = "pkg"
SUBSCRIPTION = "sub"
PREVIEW = "pre"
EMAIL = "mail"
RENEWAL = "rnw"
VOUCHER = "vch"
CREDIT_REQUEST = "req"
THRESHOLD = "thr"
ALERT = "alr"
HAPPENING = "msg"
NOTIFICATION = "ntf"
WEBHOOK = "whk"
DELIVERY = "dlv"
HOLD = "hld"
LEASE = "lea"
MOVE = "mov"


class UnknownId(DomainError):
    """The text is not an id of the expected kind, so nothing can be found by it."""

    kind, code = Kind.NOT_FOUND, "id.unknown"


def new_id() -> bytes:
    """Make a UUIDv7: 16 bytes that sort by the time they were made."""
    return uuid_utils.uuid7().bytes


def encode_id(prefix: str, value: bytes) -> str:
    """Write 16 bytes as `prefix_…`."""
    number = int.from_bytes(value, "big")
    # Ten bits a step: 13 pairs hold the 130 bits that 26 characters can say.
    pairs = [_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(pairs)}"


def decode_id(prefix: str, text: str) -> bytes:
    """Read `prefix_…` back into 16 bytes; raises UnknownId."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != _LENGTH:
        raise UnknownId(f"This is not an id of the form {prefix}_…")
    number = 0
    for character in tail:
        value = _VALUES.get(character)
        if value is None:
            raise UnknownId(f"This is not an id of the form {prefix}_…")
        number = number << 5 | value
    if number >> 128:
        raise UnknownId(f"This is not an id of the form {prefix}_…")
    return number.to_bytes(16, "big")
