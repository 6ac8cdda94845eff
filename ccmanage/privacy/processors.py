"""Who handles personal data for the operator: a list that the operator keeps in `processors.toml` in DATA_DIR.

contact = "privacy@example.com"
updated = "2026-11-24"

[[processor]]
name = "Example Mail"
purpose = "sends mails"
data = "addresses and texts of mails"
location = "Germany"
safeguards = "contract under article 28"
since = "2026-01-01"
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

FILE: Final = "processors.toml"
_MAX: Final = 200


class BadProcessors(Exception):
    """The file cannot be understood; the text says why."""


@dataclass(frozen=True, slots=True)
class Processor:
    """One of them. What is not written is empty."""

    name: str
    purpose: str = ""
    data: str = ""
    location: str = ""
    safeguards: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Processors:
    """The list, whom to ask, and when it last changed."""

    contact: str = ""
    updated: str = ""
    listed: tuple[Processor, ...] = ()


def read_processors(data_dir: Path) -> Processors:
    """Read the operator's list; nobody is listed where there is no file. Raises BadProcessors."""
    path = data_dir / FILE
    if not path.exists():
        return Processors()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadProcessors(f"{path}: {error}") from None
    rows = found.get("processor", [])
    if not isinstance(rows, list) or len(rows) > _MAX:
        raise BadProcessors(f"{path}: write each as [[processor]], at most {_MAX}")
    return Processors(_text(found, "contact"), _text(found, "updated"), tuple(_processor(path, row) for row in rows))


def _processor(path: Path, row: Any) -> Processor:
    known = {field.name for field in fields(Processor)}
    if not isinstance(row, dict) or not _text(row, "name"):
        raise BadProcessors(f"{path}: each [[processor]] needs a name")
    if unknown := set(row) - known:
        raise BadProcessors(f"{path}: {row['name']}: unknown: {', '.join(sorted(unknown))}")
    return Processor(**{name: _text(row, name) for name in known})


def _text(row: dict[str, Any], name: str) -> str:
    return str(row.get(name, "")).strip()
