"""What a run found out: figures with the bars they are held against, as a table and as JSON. Nothing judges."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HEADINGS = ("figure", "value", "unit", "ratio", "of", "bar", "holds")


@dataclass(frozen=True, slots=True)
class Figure:
    """One result. `ratio` compares it with the figure named in `of`; `holds` is None where there is no bar."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    of: str | None = None
    bar: str | None = None
    holds: bool | None = None

    def compared(self, other: Figure) -> float:
        """Return this value as a multiple of another figure's."""
        return self.value / other.value if other.value else 0.0


def at_least(
    name: str, value: float, unit: str, *, least: float | None = None, of: Figure | None = None, share: float = 0.0
) -> Figure:
    """Make a figure that should reach a value, a share of another figure, or both."""
    ratio = value / of.value if of and of.value else None
    bars = [] if least is None else [f">= {least:g}"]
    holds = least is None or value >= least
    if of is not None and share:
        bars.append(f">= {share:g} x")
        holds = holds and (ratio or 0.0) >= share
    bar = " and ".join(bars) or None
    return Figure(name, value, unit, ratio, of.name if of else None, bar, holds if bar else None)


def at_most(name: str, value: float, unit: str, most: float, *, of: Figure | None = None) -> Figure:
    """Make a figure that should stay under a value, or under so many times another figure."""
    if of is None:
        return Figure(name, value, unit, bar=f"<= {most:g}", holds=value <= most)
    ratio = value / of.value if of.value else None
    return Figure(name, value, unit, ratio, of.name, f"<= {most:g} x", value <= most * of.value)


def write_json(path: Path, machine: dict[str, Any], figures: Iterable[Figure]) -> None:
    """Write the file that the contract describes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine, "figures": [_rounded(asdict(figure)) for figure in figures]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def print_table(figures: Iterable[Figure]) -> None:
    """Print the figures for people."""
    table = Table(*HEADINGS, box=None, pad_edge=False, header_style="bold")
    for column in (1, 3):
        table.columns[column].justify = "right"
    for figure in figures:
        holds = {None: "", True: "yes", False: "[bold red]no[/]"}[figure.holds]
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        table.add_row(figure.name, _shown(figure.value), figure.unit, ratio, figure.of or "", figure.bar or "", holds)
    Console(width=130, highlight=False).print(table)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"


def _rounded(figure: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in figure.items()}
