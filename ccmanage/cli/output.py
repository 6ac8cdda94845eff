"""What commands print: facts on standard output, everything else on standard error, colours on a terminal only."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

OK, FINDING, WRONG_USE = 0, 1, 2

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def fail(text: str, code: int = WRONG_USE) -> NoReturn:
    """Say in one line what is wrong, and end."""
    err.print(f"[red]ccmanage:[/red] {_plain(text)}")
    sys.exit(code)


def say(text: str) -> None:
    """Print a line of text as it is."""
    out.print(text, markup=False)


def print_json(data: Any) -> None:
    """Print data for programs."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n")


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under headings."""
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_plain(str(cell)) for cell in row))
    out.print(table)


class Advance(Protocol):
    """Moves a progress bar on."""

    def __call__(self, steps: int, *, label: str | None = None) -> None:
        """Add steps; change the label if one is given."""
        ...


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Advance]:
    """Show a bar while something takes long, on a terminal only."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(label, total=total)

        def advance(steps: int, *, label: str | None = None) -> None:
            if label is not None:
                bar.update(task, description=label)
            bar.advance(task, steps)

        yield advance


def _plain(text: str) -> str:
    """Take square brackets as text, not as markup."""
    return text.replace("[", r"\[")
