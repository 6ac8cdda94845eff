"""Stretches of the plane workspace × slot, as conditions on rollups and on events alike."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ccmanage.usage.models import SLOT_MS

_END = 1 << 40


class Cell(NamedTuple):
    """One slot of one workspace. Cells are ordered by workspace, then by slot."""

    workspace: int
    slot: int


class Stretch(NamedTuple):
    """The cells from the one after `after` up to and including `upto`."""

    after: Cell
    upto: Cell


BEGIN = Cell(-1, -1)
LAST = Cell(_END, _END)


def gather(cells: Iterable[Cell], sizes: Mapping[Cell, int], most: int, stretches: int) -> Iterator[list[Stretch]]:
    """Put ascending cells into groups of about so much each; neighbours become one stretch."""
    group: list[Stretch] = []
    size = 0
    for cell in cells:
        if group and group[-1].upto == Cell(cell.workspace, cell.slot - 1):
            group[-1] = Stretch(group[-1].after, cell)
        else:
            group.append(Stretch(Cell(cell.workspace, cell.slot - 1), cell))
        size += sizes.get(cell, 0)
        if size >= most or len(group) == stretches:
            yield group
            group, size = [], 0
    if group:
        yield group


def rollups_in(stretches: Iterable[Stretch]) -> str:
    """Return the condition that a rollup lies in one of the stretches."""
    return _condition(stretches, lambda slot: f"slot > {slot:d}", lambda slot: f"slot <= {slot:d}")


def events_in(stretches: Iterable[Stretch]) -> str:
    """Return the condition that an event lies in one of the stretches, in a form that its index answers."""
    return _condition(
        stretches,
        lambda slot: f"event_at >= {(slot + 1) * SLOT_MS:d}",
        lambda slot: f"event_at < {(slot + 1) * SLOT_MS:d}",
    )


def _condition(stretches: Iterable[Stretch], above: Callable[[int], str], upto: Callable[[int], str]) -> str:
    parts = []
    for (first, low), (last, high) in stretches:
        if first == last:
            parts.append(f"workspace_id = {first:d} AND {above(low)} AND {upto(high)}")
            continue
        parts += [
            f"workspace_id = {first:d} AND {above(low)}",
            f"workspace_id > {first:d} AND workspace_id < {last:d}",
            f"workspace_id = {last:d} AND {upto(high)}",
        ]
    return " OR ".join(parts)
