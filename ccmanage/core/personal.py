"""What each table holds of people: declared beside its columns, read by export, erasure, rotation and the data map.

Every model says one of two things in its class body, under its `__tablename__`:

    __personal__ = no_personal("sums under opaque numbers")

    __personal__ = personal(
        "Sign-ins: when, from which network and device.",
        person="user_id",                       # the column that holds `users.id`
        sealed={"network_sealed": "sessions.network", "device_sealed": "sessions.device"},
        on_erasure=Erasure.DELETE,
        export="sessions",
        kept="retention.sessions_days",
    )

`sealed` names each column that holds an envelope of the key ring, and its place: the first half of the context
`place:row`, whose second half is the hexadecimal `public_id`, or the column named in `row`. Columns that are
encrypted and are not about anybody (a secret of a machine) are named too: `no_personal("…", sealed={…})`. Without
that `ccmanage encryption rotate` would leave them under the old key.

`index` names blind indexes: column -> (the sealed column it finds, purpose).

What happens when a person is erased:
- `Erasure.DELETE`: the rows whose `person` column names them are deleted.
- `Erasure.BLANK`: the columns in `sealed`, `index` and `plain` are emptied, the row stays under its number.
- `Erasure.KEEP`: nothing: only opaque numbers, whose person is gone. Say in `what` why it must stay.
- `Erasure.OWN`: an eraser of its own in `ccmanage/privacy/erasers.py`.

`export` is the section of a person's archive that the rows stand in; every column is written out in the clear
but those in `hidden` (digests, inside numbers). `export=None` needs a reason in `unexported`.

`tests/architecture/test_personal.py` fails for a table that says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Erasure(Enum):
    """What happens to a person's rows when the person is erased."""

    DELETE = "deleted"
    BLANK = "emptied"
    KEEP = "kept"
    OWN = "by its own rule"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a table holds of people."""

    what: str
    is_personal: bool
    person: str = ""
    sealed: Mapping[str, str] = field(default_factory=dict)
    row: str = "public_id"
    index: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    plain: tuple[str, ...] = ()
    on_erasure: Erasure = Erasure.KEEP
    export: str | None = None
    hidden: tuple[str, ...] = ()
    unexported: str = ""
    kept: str = ""

    def context(self, column: str, row: bytes | int | str) -> str:
        """Return the context of a sealed column of one row."""
        return f"{self.sealed[column]}:{row.hex() if isinstance(row, bytes) else row}"


def no_personal(what: str, *, sealed: Mapping[str, str] | None = None, row: str = "public_id") -> Declaration:
    """Declare a table that says nothing about anybody."""
    return Declaration(what, is_personal=False, sealed=sealed or {}, row=row)


def personal(  # noqa: PLR0913 - a declaration names what it declares
    what: str,
    *,
    person: str = "",
    sealed: Mapping[str, str] | None = None,
    row: str = "public_id",
    index: Mapping[str, tuple[str, str]] | None = None,
    plain: tuple[str, ...] = (),
    on_erasure: Erasure,
    export: str | None = None,
    hidden: tuple[str, ...] = (),
    unexported: str = "",
    kept: str = "",
) -> Declaration:
    """Declare a table that holds something about people."""
    return Declaration(
        what,
        is_personal=True,
        person=person,
        sealed=sealed or {},
        row=row,
        index=index or {},
        plain=plain,
        on_erasure=on_erasure,
        export=export,
        hidden=hidden,
        unexported=unexported,
        kept=kept,
    )
