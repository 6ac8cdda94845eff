"""Commands that look after an installation: `migrate`, `audit`, `doctor`."""

from typing import Annotated

import typer

from ccmanage.cli.installation import open_runtime
from ccmanage.cli.output import FINDING, OK, print_json, print_table, say
from ccmanage.cli.setup import prepare

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("migrate")(migrate_command)
    app.command()(doctor)


def migrate_command() -> None:
    """Bring the database to the newest schema, seed the price book, create the first administrator.

    That one comes from CCMANAGE_ADMIN_EMAIL and CCMANAGE_ADMIN_PASSWORD, if nobody exists yet.
    """
    with open_runtime() as runtime:
        done = prepare(runtime, make_up_admin=False)
    say("The database is at the newest version." if done.migrated else "The database was up to date.")
    if done.prices:
        say(f"Seeded the price book with {done.prices} prices.")
    if done.admin:
        say(f"Created the administrator {done.admin.email}.")


def doctor(as_json: Json = False) -> None:
    """Look for what is wrong or unwise in this installation; exits 1 if something is wrong."""
    from ccmanage.cli.doctor import examine

    findings = examine()
    if as_json:
        print_json([{"check": found.check, "state": found.state.value, "text": found.text} for found in findings])
    else:
        marks = {"ok": "ok", "warning": "WARNING", "wrong": "WRONG"}
        print_table(("", "check", ""), [(marks[found.state.value], found.check, found.text) for found in findings])
    raise typer.Exit(FINDING if any(found.state.value == "wrong" for found in findings) else OK)
