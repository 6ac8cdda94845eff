"""Commands that look after an installation: `migrate`, `audit`, `doctor`."""

from typing import Annotated

import typer

from ccmanage.cli.installation import open_installation, open_runtime
from ccmanage.cli.output import FINDING, OK, Advance, print_json, print_table, progress, say
from ccmanage.cli.setup import prepare

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("migrate")(migrate_command)
    app.command()(audit)
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


def audit(
    full: Annotated[
        bool, typer.Option("--full", help="From the beginning, not from where the last run ended.")
    ] = False,
    heads: Annotated[bool, typer.Option("--heads", help="Print the newest entry of every chain.")] = False,
    as_json: Json = False,
) -> None:
    """Prove on the live database that the books are right; prints what breaks and exits 1 if anything does."""
    from ccmanage.reports.books.audit import audit_books

    with open_installation() as runtime:
        with progress("Auditing", 1_000) as advance:
            report = audit_books(runtime.database, runtime.clock, full=full, progress=_Follow(advance), heads=heads)
        runtime.run(lambda scope: scope.books.store(report))
    if as_json:
        print_json(report.as_dict())
    else:
        for line in report.lines():
            say(line)
    raise typer.Exit(OK if report.is_clean else FINDING)


class _Follow:
    """Turns the audit's parts, each from 0 to 1, into steps of one bar that begins anew with each part."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._part = ""
        self._done = 0

    def __call__(self, part: str, share: float) -> None:
        if part != self._part:
            self._advance(-self._done, label=f"Auditing {part}")
            self._part, self._done = part, 0
        steps = int(share * 1_000) - self._done
        self._advance(steps)
        self._done += steps


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
