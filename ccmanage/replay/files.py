"""What kinds of files can be replayed, and their rows as usage events."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from ccmanage.core.clock import parse_rfc3339, to_rfc3339
from ccmanage.replay.transcripts import read_transcripts

_COLUMNS = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
DEFAULT_MODEL = "claude-sonnet-4-5"


class CannotRead(Exception):
    """The file is none that can be replayed; the text says where and why."""


class Kind(Enum):
    """What a file holds."""

    TRACE = "trace"
    EVENTS = "events"
    TRANSCRIPTS = "Claude Code transcripts"


@dataclass(frozen=True, slots=True)
class Source:
    """A file or folder, read once: what it is, its fingerprint, how much it holds and from when to when."""

    paths: tuple[Path, ...]
    kind: Kind
    digest: str
    count: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the rows do not say: keys and models to take in turn, and the instant of the last row."""

    keys: tuple[str, ...] = ()
    models: tuple[str, ...] = (DEFAULT_MODEL,)
    anchor_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One event to post, and how long after the first it happened."""

    offset_ms: int
    event: dict[str, Any]


def inspect(path: Path) -> Source:
    """Read a file or a folder of transcripts through; raises CannotRead."""
    paths = tuple(sorted(path.rglob("*.jsonl"))) if path.is_dir() else (path,)
    if not paths:
        raise CannotRead(f"{path}: no .jsonl files in this folder")
    digest = hashlib.sha256()
    try:
        for part in paths:
            with _open(part) as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        kind = _kind_of(paths[0])
    except (OSError, EOFError) as error:
        raise CannotRead(f"{path}: {error.strerror if isinstance(error, OSError) else error}") from None
    count, first, last = 0, None, 0
    for at, _event in _rows(paths, kind):
        count, first, last = count + 1, min(at, first or at), max(at, last)
    if first is None:
        raise CannotRead(f"{path}: holds no events")
    return Source(paths, kind, digest.hexdigest(), count, first, last)


def rows(source: Source, wishes: Wishes) -> Iterator[Row]:
    """Return the events to post, with stable ids.

    A trace's times are moved so that its last row falls on the anchor. Events and transcripts keep their own
    times and ids, unless an anchor is given.
    """
    shift = 0 if wishes.anchor_ms is None else wishes.anchor_ms - source.last_ms
    mark = f"{source.digest[:16]}-{wishes.anchor_ms}" if wishes.anchor_ms is not None else source.digest[:16]
    for number, (at, event) in enumerate(_rows(source.paths, source.kind)):
        ready = {"model": wishes.models[number % len(wishes.models)], **event}
        if wishes.anchor_ms is not None or "id" not in ready:
            ready["id"] = f"{mark}-{number}"
        if wishes.anchor_ms is not None:
            ready["time"] = to_rfc3339(at + shift)
        if "api_key" not in ready and "key_id" not in ready and wishes.keys:
            key = wishes.keys[number % len(wishes.keys)]
            ready["key_id" if key.startswith("key_") else "api_key"] = key
        yield Row(at - source.first_ms, ready)


def _rows(paths: tuple[Path, ...], kind: Kind) -> Iterator[tuple[int, dict[str, Any]]]:
    if kind is Kind.TRANSCRIPTS:
        yield from read_transcripts(line for path in paths for line in _text_of(path))
        return
    for path in paths:
        yield from _trace_rows(path) if kind is Kind.TRACE else _event_rows(path)


def _trace_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for place, row in enumerate(csv.DictReader(_text_of(path)), start=2):
        try:
            # The trace's times have no zone; they are taken as UTC.
            at = parse_rfc3339(row["TIMESTAMP"].strip() + "Z")
            usage = {"input_tokens": int(row["ContextTokens"]), "output_tokens": int(row["GeneratedTokens"])}
        except (ValueError, TypeError, AttributeError) as error:
            raise CannotRead(f"{path}:{place}: {error}") from None
        yield at, {"time": to_rfc3339(at), "usage": usage}


def _event_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for place, line in enumerate(_text_of(path), start=1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            yield parse_rfc3339(event["time"]), event
        except (ValueError, TypeError, KeyError) as error:
            text = f"has no {error}" if isinstance(error, KeyError) else str(error)
            raise CannotRead(f"{path}:{place}: {text}") from None


def _kind_of(path: Path) -> Kind:
    first = next((line for line in _text_of(path) if line.strip()), "")
    if set(_COLUMNS) <= set(first.strip().lstrip("\ufeff").split(",")):
        return Kind.TRACE
    try:
        record = json.loads(first)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise CannotRead(
            f"{path}: neither a CSV trace with the columns {', '.join(_COLUMNS)}, nor lines of JSON objects"
        )
    return Kind.EVENTS if "usage" in record and "time" in record else Kind.TRANSCRIPTS


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _text_of(path: Path) -> TextIO:
    # utf-8-sig: spreadsheets put a mark in front
    return io.TextIOWrapper(_open(path), encoding="utf-8-sig", errors="replace", newline="")
