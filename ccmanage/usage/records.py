"""The normalised form of a usage event: what the inbox stores and what a settlement reads.

Compact arrays in MessagePack. The identity is packed once: its bytes are hashed (the payload hash) and stored.
"""

from enum import IntEnum
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Struct

HASH_BYTES = 16
OTHER = 9


class ServiceTier(IntEnum):
    """Which service tier answered; others than these have no price of their own."""

    STANDARD = 0
    PRIORITY = 1
    BATCH = 2
    OTHER = OTHER


class Speed(IntEnum):
    """How fast the answer was bought."""

    STANDARD = 0
    FAST = 1
    OTHER = OTHER


class Geography(IntEnum):
    """Where the model ran."""

    GLOBAL = 0
    US = 1
    OTHER = OTHER


TIERS: Final = {None: 0, "": 0, "standard": 0, "priority": 1, "batch": 2}
SPEEDS: Final = {None: 0, "": 0, "standard": 0, "normal": 0, "fast": 1}
GEOGRAPHIES: Final = {None: 0, "": 0, "global": 0, "not_available": 0, "us": 1}


class Identity(Struct, array_like=True, gc=False):
    """What the payload hash covers. `key` is the digest of an API key (32 bytes) or a key's id (16)."""

    id: str
    key: bytes
    at: int
    model: str
    input: int
    output: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    web_searches: int
    tier: int
    speed: int
    geography: int
    is_error: int
    hold: bytes


class Record(Struct, array_like=True, gc=False):
    """One valid item of a batch: where it stood in the post, its hash, its identity and its labels."""

    index: int
    hash: bytes
    identity: Identity
    project: str = ""
    session: str = ""
    extra: bytes = b""
    # The call that ends with this event; not part of what it says.
    lease: bytes = b""


class Rejection(Struct, array_like=True, gc=False):
    """One invalid item of a batch. `body` holds whitelisted fields as JSON; the fingerprint counts repeats."""

    index: int
    id: str
    code: str
    detail: str
    fingerprint: bytes
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode_records = msgspec.msgpack.Decoder(list[Record]).decode
_decode_rejections = msgspec.msgpack.Decoder(list[Rejection]).decode


class Packed(Struct, array_like=True, gc=False):
    """A record whose identity is packed already."""

    index: int
    hash: bytes
    identity: msgspec.Raw
    project: str
    session: str
    extra: bytes
    lease: bytes = b""


def pack(index: int, identity: Identity, project: str, session: str, extra: bytes, lease: bytes = b"") -> Packed:
    """Hash an identity and wrap it for the inbox."""
    raw = _encode(identity)
    return Packed(
        index, blake2b(raw, digest_size=HASH_BYTES).digest(), msgspec.Raw(raw), project, session, extra, lease
    )


def fingerprint(data: bytes) -> bytes:
    """Digest what was sent, to count its repeats."""
    return blake2b(data, digest_size=HASH_BYTES).digest()


def encode_payload(records: list[Packed]) -> bytes:
    """Pack a batch's valid items."""
    return _encode(records)


def encode_rejections(rejections: list[Rejection]) -> bytes | None:
    """Pack a batch's invalid items; None if there are none."""
    return _encode(rejections) if rejections else None


def decode_payload(payload: bytes | None) -> list[Record]:
    """Unpack a batch's valid items."""
    return _decode_records(payload) if payload else []


def decode_rejections(packed: bytes | None) -> list[Rejection]:
    """Unpack a batch's invalid items."""
    return _decode_rejections(packed) if packed else []


def join_ids(ids: list[str]) -> bytes:
    """Write the ids of all items of a batch; they hold no control characters, so that a newline parts them."""
    return "\n".join(ids).encode()


def split_ids(joined: bytes | None) -> list[str]:
    """Read the ids of all items of a batch."""
    return joined.decode().split("\n") if joined is not None else []


def describe(record: Record) -> dict[str, Any]:
    """Return a record as the fields that an admin may see: the key only as the start of its digest."""
    event = record.identity
    return {
        "id": event.id,
        "key_digest": event.key.hex(),
        "time_ms": event.at,
        "model": event.model,
        "input_tokens": event.input,
        "output_tokens": event.output,
        "cache_read_tokens": event.cache_read,
        "cache_write_5m_tokens": event.cache_write_5m,
        "cache_write_1h_tokens": event.cache_write_1h,
        "web_searches": event.web_searches,
        "service_tier": event.tier,
        "speed": event.speed,
        "geography": event.geography,
        "status": "error" if event.is_error else "ok",
        "hold": event.hold.hex(),
        "project": record.project,
        "session": record.session,
    }


def restore(fields: dict[str, Any], payload_hash: bytes, *, key: bytes | None = None) -> Packed:
    """Make a record again from what `describe` gave, with another key if one was assigned.

    It keeps its first hash: when the gateway posts it again, that is a duplicate.
    """
    identity = Identity(
        id=fields["id"],
        key=key or bytes.fromhex(fields["key_digest"]),
        at=fields["time_ms"],
        model=fields["model"],
        input=fields["input_tokens"],
        output=fields["output_tokens"],
        cache_read=fields["cache_read_tokens"],
        cache_write_5m=fields["cache_write_5m_tokens"],
        cache_write_1h=fields["cache_write_1h_tokens"],
        web_searches=fields["web_searches"],
        tier=fields["service_tier"],
        speed=fields["speed"],
        geography=fields["geography"],
        is_error=1 if fields["status"] == "error" else 0,
        hold=bytes.fromhex(fields["hold"]),
    )
    return Packed(0, payload_hash, msgspec.Raw(_encode(identity)), fields["project"], fields["session"], b"")
