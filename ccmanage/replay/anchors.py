"""Remembers to which instant a trace was moved, so that the next replay moves it there again."""

import json
from pathlib import Path


def remembered_anchor(folder: Path, digest: str, server: str, wanted_ms: int | None, now_ms: int) -> int:
    """Return the anchor of a file at a server: the one asked for, else the one of last time, else now."""
    path = folder / "replays.json"
    try:
        known: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = {}
    name = f"{server.rstrip('/')} {digest}"
    anchor = wanted_ms if wanted_ms is not None else known.get(name, now_ms)
    if known.get(name) != anchor:
        folder.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".new")
        half.write_text(json.dumps({**known, name: anchor}, indent=1), encoding="utf-8")
        half.replace(path)
    return anchor
