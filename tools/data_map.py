"""`docs/data-map.md`: what each table holds of people, written from what the tables declare."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import ccmanage.tables  # noqa: F401 - so that every table is known
from ccmanage.core.personal import Declaration, Erasure
from ccmanage.privacy.registry import declarations
from ccmanage.settings.retention import SETTINGS

TARGET = Path(__file__).resolve().parents[1] / "docs" / "data-map.md"
_HEAD = """# Data map

Written by `python -m tools.data_map` from what each table declares beside its columns (`__personal__`, see
`ccmanage/core/personal.py`); a test fails when it is not up to date. How long things are kept is told in
[privacy.md](privacy.md); a name such as `retention.mails_days` is a setting.

*Encrypted* columns are bound to their place and decrypted by the application alone. *Digests* are keyed: by them an
encrypted value is found. *In the clear* names what people or clients typed and is not encrypted.

## Tables that hold something about people
"""
_ERASURE = {
    Erasure.DELETE: "rows are deleted",
    Erasure.BLANK: "columns are emptied, the row stays under its number",
    Erasure.KEEP: "nothing: only opaque numbers are left",
    Erasure.OWN: "by a rule of its own",
}


def written() -> str:
    """Return the whole page."""
    known = list(declarations())
    parts = [_HEAD]
    parts += [_section(table.name, declared) for table, declared in known if declared.is_personal]
    parts.append("## Tables that say nothing about anybody\n\n| table | holds | encrypted |\n| --- | --- | --- |")
    parts += [
        f"| `{table.name}` | {declared.what} | {_names(declared.sealed)} |"
        for table, declared in known
        if not declared.is_personal
    ]
    return "\n".join(parts) + "\n"


def _section(name: str, declared: Declaration) -> str:
    lines = [f"### `{name}`", "", declared.what, ""]
    facts = {
        "whose": f"`{declared.person}`" if declared.person else "",
        "encrypted": _names(declared.sealed),
        "digests": _names(declared.index),
        "in the clear": _names(declared.plain),
        "kept": _kept(declared.kept),
        "on erasure": _ERASURE[declared.on_erasure],
        "in one's copy": f"section `{declared.export}`" if declared.export else f"no: {declared.unexported}",
    }
    lines += [f"- {fact}: {text}" for fact, text in facts.items() if text and text != "–"]
    return "\n".join(lines) + "\n"


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in columns) or "–"


def _kept(text: str) -> str:
    """Write settings as such, with what they are unless somebody sets them."""
    for setting in SETTINGS:
        unit = setting.name.rpartition("_")[2]
        text = text.replace(setting.name, f"`{setting.name}` ({setting.default} {unit})")
    return text


if __name__ == "__main__":
    TARGET.write_text(written(), encoding="utf-8")
