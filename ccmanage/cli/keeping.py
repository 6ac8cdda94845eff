"""Commands that keep what is personal safe: `encryption rotate`, `privacy replay-erasures`."""

from pathlib import Path
from typing import Annotated

import typer

from ccmanage.cli.installation import open_installation
from ccmanage.cli.output import FINDING, OK, fail, print_json, print_table, progress, say
from ccmanage.privacy.erasure import LOG_FILE, read_log
from ccmanage.privacy.rotation import rotate, waiting

encryption = typer.Typer(no_args_is_help=True)
privacy = typer.Typer(no_args_is_help=True)

_COUNTS = ("rows", "rewrapped", "reindexed", "unreadable")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@encryption.callback()
def _encryption() -> None:
    """Encryption at rest."""


@encryption.command("rotate")
def rotate_command(as_json: Json = False) -> None:
    """Put all that is encrypted, and the digests it is found by, under the first of CCMANAGE_ENCRYPTION_KEYS.

    Everything may go on meanwhile. Can be stopped and started again. Exits 1 if a value is under a key that is not
    in the list.
    """
    with open_installation() as runtime:
        with progress("Encrypting anew", None) as advance:
            done = rotate(runtime.scope, runtime.ring, lambda table, rows: advance(rows, label=f"Encrypting {table}"))
        with runtime.read() as scope:
            left = waiting(scope.session, runtime.ring)
    if as_json:
        tables = [
            {
                "table": one.table,
                "rows": one.rows,
                "rewrapped": one.rewrapped,
                "reindexed": one.reindexed,
                "unreadable": one.unreadable,
            }
            for one in done
        ]
        print_json({"tables": tables, "left": left})
    else:
        print_table(
            ("table", "rows", "encrypted anew", "digests anew", "unreadable"),
            [(one.table, one.rows, one.rewrapped, one.reindexed, one.unreadable) for one in done],
        )
    raise typer.Exit(FINDING if any(one.unreadable for one in done) else OK)


@privacy.callback()
def _privacy() -> None:
    """What was promised to people."""


@privacy.command("replay-erasures")
def replay_erasures(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Logs of erasures; without one that of DATA_DIR.", dir_okay=False)
    ] = None,
) -> None:
    """Forget again whom a restored backup has brought back. Run it after every restore."""
    with open_installation() as runtime:
        paths = files or [runtime.settings.data_dir / LOG_FILE]
        for path in paths:
            if not path.exists():
                fail(f"{path}: there is no such file")
        again = sum(runtime.eraser.replay(read_log(path)) for path in paths)
    say(f"Forgot {again} people again." if again else "Nobody had come back.")
