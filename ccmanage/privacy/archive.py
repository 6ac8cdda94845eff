"""Write everything about a person into one ZIP: each part as JSON for programs and as CSV for people."""

import json
import zipfile
from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from ccmanage.core.clock import to_rfc3339
from ccmanage.core.spreadsheet import csv_lines
from ccmanage.privacy.reading import Record
from ccmanage.privacy.sections import Section, Source

# More than this is spooled to a file without a name.
_IN_MEMORY: Final = 16 << 20
_LINES: Final = 500
_README: Final = """This archive holds what {brand} knows about you, as of {at}.

Each part is there twice: as JSON, for programs, and as CSV, for spreadsheets. Times are UTC.

{parts}

What you wrote to models and what they answered is not here: it is never stored.
"""

Told = Callable[[int], None]


def write_archive(
    target: IO[bytes], parts: Iterable[Section], open_source: Callable[[], Any], now: int, told: Told
) -> None:
    """Write the ZIP. `open_source` opens a short transaction for each part; `told` hears of each that is done."""
    parts = list(parts)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        listed = "\n".join(f"{part.name}: {part.what}" for part in parts)
        archive.writestr("README.txt", _README.format(brand="ccmanage", at=to_rfc3339(now), parts=listed))
        for number, part in enumerate(parts, start=1):
            with open_source() as source:
                _write(archive, part, source)
            told(number)


def _write(archive: zipfile.ZipFile, part: Section, source: Source) -> None:
    columns: dict[str, None] = {}
    with SpooledTemporaryFile(_IN_MEMORY) as lines:
        with archive.open(f"{part.name}.json", "w") as file:
            file.write(b"[")
            first = True
            for record in part.records(source):
                columns.update(dict.fromkeys(record))
                encoded = json.dumps(record, ensure_ascii=False, default=str).encode()
                file.write((b"\n" if first else b",\n") + encoded)
                lines.write(encoded + b"\n")
                first = False
            file.write(b"\n]\n")
        if not columns:
            return
        lines.seek(0)
        with archive.open(f"{part.name}.csv", "w") as file:
            file.write(csv_lines([list(columns)]))
            waiting: list[list[Any]] = []
            for line in lines:
                record = json.loads(line)
                waiting.append([_cell(record, column) for column in columns])
                if len(waiting) == _LINES:
                    file.write(csv_lines(waiting))
                    waiting = []
            file.write(csv_lines(waiting))


def _cell(record: Record, column: str) -> Any:
    value = record.get(column)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
