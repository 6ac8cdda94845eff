"""The chain over the audit log: what a seal hashes, and whether what stands there still gives that hash. Pure."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

START: Final = bytes(32)


class SealedEntry(NamedTuple):
    """What a seal covers of an entry: everything but the erasable side, for which the commitment stands."""

    id: int
    public_id: bytes
    at: int
    actor_user_id: int
    as_user_id: int
    action: str
    subject_kind: str
    subject_id: str
    workspace_id: int
    request_id: str
    commitment: bytes


class Seal(NamedTuple):
    """A link as it is stored."""

    id: int
    entries: int
    prev_hash: bytes
    hash: bytes
    cut_at: int


class Break(NamedTuple):
    """Something about a seal that is not as it must be."""

    seal: int
    check: str
    expected: bytes | int
    found: bytes | int


def link(prev_hash: bytes, number: int, entries: Sequence[SealedEntry]) -> bytes:
    """Return the hash of a seal over its entries, in the order of their numbers."""
    digest = hashlib.sha256(prev_hash + number.to_bytes(8, "big"))
    for entry in entries:
        fields = [value.hex() if isinstance(value, bytes) else value for value in entry]
        digest.update(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return digest.digest()


def judge(previous: Seal | None, seal: Seal, entries: Sequence[SealedEntry]) -> Iterable[Break]:
    """Tell what is wrong with a seal, given the one before and the entries that name it.

    Of a seal whose entries retention took away only the links remain, and that nothing is left under it.
    """
    before = previous.hash if previous else START
    number = previous.id + 1 if previous else 1
    if seal.id != number:
        yield Break(seal.id, "order", number, seal.id)
    if seal.prev_hash != before:
        yield Break(seal.id, "link", before, seal.prev_hash)
    expected = 0 if seal.cut_at else seal.entries
    if len(entries) != expected:
        yield Break(seal.id, "entries", expected, len(entries))
    elif not seal.cut_at and (found := link(seal.prev_hash, seal.id, entries)) != seal.hash:
        yield Break(seal.id, "hash", seal.hash, found)
