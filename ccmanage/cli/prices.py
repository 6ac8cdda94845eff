"""The price book from the command line."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ccmanage.bootstrap import Runtime
from ccmanage.cli.installation import open_installation
from ccmanage.cli.output import FINDING, err, fail, print_json, print_table, say
from ccmanage.core.clock import to_rfc3339
from ccmanage.core.money import format_credits
from ccmanage.pricing.imports import ImportDiff
from ccmanage.pricing.rules import Price

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep the group a group while it has one command."""


@app.command("import")
def import_prices(
    file: Annotated[
        Path | None, typer.Option(help="A newer data file of genai-prices; the installed one's data if absent.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference and write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Bring the library's prices into the price book as new versions, and show the difference first.

    Manual prices stay as they are. Events that waited for a price are charged soon after.
    """
    with open_installation() as runtime:
        diff = _import(runtime, file, dry_run=True)
        if not as_json:
            _show(diff)
        changes = len(diff.added) + len(diff.changed)
        if changes and not dry_run:
            if not yes:
                _ask(changes)
            diff = _import(runtime, file, dry_run=False)
    if as_json:
        print_json({"written": bool(changes) and not dry_run, **_as_json(diff)})
    elif changes and not dry_run:
        say(f"Wrote {changes} prices.")


def _import(runtime: Runtime, file: Path | None, *, dry_run: bool) -> ImportDiff:
    return runtime.run(lambda scope: scope.pricing.import_library(dry_run=dry_run, file=file))


def _ask(changes: int) -> None:
    if not err.is_terminal:
        fail("--yes: is needed where there is no terminal to ask on", FINDING)
    if not typer.confirm(f"Write {changes} prices?", err=True):
        raise typer.Exit(FINDING)


def _show(diff: ImportDiff) -> None:
    rows = [("new", price, "") for price in diff.added]
    rows += [("changed", change.after, _rates(change.before)) for change in diff.changed]
    if rows:
        print_table(
            ("", "pattern", "from", "input/output per million", "before"),
            [(what, price.pattern, _start(price), _rates(price), before) for what, price, before in rows],
        )
    for skipped in diff.skipped:
        err.print(f"left out: {skipped.model}: {skipped.reason}", markup=False)
    say(f"{len(diff.added)} new, {len(diff.changed)} changed, {diff.unchanged} as they were.")


def _start(price: Price) -> str:
    return to_rfc3339(price.effective_from)[:10] if price.effective_from > 0 else "always"


def _rates(price: Price) -> str:
    rates = price.standard.rates
    return f"{format_credits(rates.input)} / {format_credits(rates.output)}"


def _as_json(diff: ImportDiff) -> dict[str, Any]:
    def facts(price: Price) -> dict[str, Any]:
        rates = price.standard.rates
        return {
            "pattern": price.pattern,
            "effective_from": to_rfc3339(price.effective_from),
            "version": price.version,
            "input": format_credits(rates.input),
            "output": format_credits(rates.output),
        }

    return {
        "added": [facts(price) for price in diff.added],
        "changed": [{"before": facts(change.before), "after": facts(change.after)} for change in diff.changed],
        "unchanged": diff.unchanged,
        "skipped": [{"model": skipped.model, "reason": skipped.reason} for skipped in diff.skipped],
    }
