"""What was used: sums over hours, days, weeks, months, models, keys, people and projects, from the rollups alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ccmanage.accounts.rules import is_time_zone
from ccmanage.core.errors import invalid
from ccmanage.reports.labels import NOBODY, Label, Labels
from ccmanage.reports.rules import (
    MAX_RANGE_MS,
    SLOT_SECONDS,
    Bucket,
    Dimension,
    Stretch,
    bucket_of,
    buckets,
    slots_of,
    stretches,
    unit_of,
)
from ccmanage.usage.models import InstallationRollup, Rollup

MAX_ROWS = 20_000

_THINGS = {
    Dimension.MODEL: "model_id",
    Dimension.KEY: "key_id",
    Dimension.USER: "user_id",
    Dimension.PROJECT: "project_id",
}
_Table = type[Rollup] | type[InstallationRollup]


@dataclass(frozen=True, slots=True)
class Where:
    """Whose usage of what is meant. `made_by` holds a person to what they used themself."""

    workspace_id: int
    made_by: int | None = None
    model: str | None = None
    key_id: bytes | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Which sums are asked for: `from_at` counts, `to_at` does not any more.

    Without a place the whole installation is meant, of which only times and models are kept.
    """

    where: Where | None
    from_at: int
    to_at: int
    zone: str = "UTC"
    group_by: Dimension = Dimension.DAY
    split_by: Dimension | None = None


@dataclass(slots=True)
class Sums:
    """What is summed."""

    events: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    credits_nano: int = 0

    def add(self, other: "Sums") -> None:
        """Add other sums to these."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True, slots=True)
class Row:
    """The sums of one group, or of one part of it."""

    group: Label
    split: Label | None
    sums: Sums


@dataclass(frozen=True, slots=True)
class Summary:
    """The answer: only what was used has a row; `buckets` names every stretch of time of the range."""

    rows: Sequence[Row]
    total: Sums
    buckets: Sequence[Label]
    from_at: int
    to_at: int
    zone: str


class _Cell(NamedTuple):
    group: int
    split: int


@dataclass(slots=True)
class _Sheet:
    """Sums by cell, and the buckets that stand behind cells of time."""

    cells: dict[_Cell, Sums] = field(default_factory=dict)
    times: dict[int, Bucket] = field(default_factory=dict)


class UsageReport:
    """Sums of usage."""

    def __init__(self, session: Session, labels: Labels) -> None:
        self._session = session
        self._labels = labels

    def summary(self, asked: Question) -> Summary:
        """Return sums, over time in order, over things the dearest first; raises InvalidInput."""
        zone = _checked(asked)
        first, end = slots_of(asked.from_at, asked.to_at)
        cut = stretches(zone, first, end)
        conditions = self._conditions(asked.where) if asked.where else []
        sheet = _Sheet()
        if conditions is not None:
            # Things alone need no cutting: one stretch over all.
            timed = asked.group_by.is_time or (asked.split_by is not None and asked.split_by.is_time)
            for stretch in cut if timed else [Stretch(first, end, 0)]:
                self._read(asked, zone, stretch, conditions, sheet)
        rows, total = self._rows(asked, sheet)
        spans = [Label(bucket.id, bucket.label) for bucket in buckets(zone, asked.group_by, cut)]
        slot_ms = SLOT_SECONDS * 1000
        return Summary(rows, total, spans if asked.group_by.is_time else [], first * slot_ms, end * slot_ms, asked.zone)

    def _conditions(self, where: Where) -> list[ColumnElement[bool]] | None:
        """Return what the rows must meet; None where nothing can."""
        conditions: list[ColumnElement[bool]] = [Rollup.workspace_id == where.workspace_id]
        if where.made_by is not None:
            conditions.append(Rollup.user_id == where.made_by)
        for given, column in filters_of(self._labels, where):
            if given is None:
                return None
            conditions.append(getattr(Rollup, _THINGS[column]) == given)
        return conditions

    def _read(
        self,
        asked: Question,
        zone: ZoneInfo,
        stretch: Stretch,
        conditions: Sequence[ColumnElement[bool]],
        sheet: _Sheet,
    ) -> None:
        parts = [asked.group_by, *([asked.split_by] if asked.split_by else [])]
        table: _Table = Rollup if asked.where else InstallationRollup
        columns = [_column(table, part, stretch).label(f"part_{index}") for index, part in enumerate(parts)]
        statement = (
            select(*columns, *_sums(table))
            .where(*conditions, table.slot >= stretch.first, table.slot < stretch.end)
            .group_by(*(literal_column(column.name) for column in columns))
            .limit(MAX_ROWS + 1)
        )
        rows = self._session.execute(statement).all()
        if len(rows) > MAX_ROWS:
            raise invalid("/group_by", "summary.too_large", "Ask for a shorter range, or for longer buckets.")
        for row in rows:
            keys = [
                _fold(sheet, zone, part, stretch, int(row[index])) if part.is_time else int(row[index])
                for index, part in enumerate(parts)
            ]
            cell = _Cell(keys[0], keys[1] if len(keys) > 1 else 0)
            found = sheet.cells.setdefault(cell, Sums())
            found.add(Sums(*(int(value) for value in row[len(parts) :])))

    def _rows(self, asked: Question, sheet: _Sheet) -> tuple[list[Row], Sums]:
        total = Sums()
        by_group: dict[int, int] = {}
        for cell, sums in sheet.cells.items():
            total.add(sums)
            by_group[cell.group] = by_group.get(cell.group, 0) + sums.credits_nano
        groups = self._names(asked.group_by, (cell.group for cell in sheet.cells), sheet)
        splits = self._names(asked.split_by, (cell.split for cell in sheet.cells), sheet) if asked.split_by else {}

        def place(entry: tuple[_Cell, Sums]) -> tuple[Any, ...]:
            cell, sums = entry
            first = (cell.group, "") if asked.group_by.is_time else (-by_group[cell.group], groups[cell.group].label)
            if asked.split_by is None:
                return (first, cell.group)
            return (first, cell.group, cell.split if asked.split_by.is_time else -sums.credits_nano, cell.split)

        ordered = sorted(sheet.cells.items(), key=place)
        rows = [Row(groups[cell.group], splits.get(cell.split), sums) for cell, sums in ordered]
        return rows, total

    def _names(self, kind: Dimension, numbers: Iterable[int], sheet: _Sheet) -> dict[int, Label]:
        wanted = set(numbers)
        if kind.is_time:
            return {number: Label(sheet.times[number].id, sheet.times[number].label) for number in wanted}
        found = self._labels.of(kind, wanted - {0})
        return {number: found.get(number, NOBODY) for number in wanted}


def filters_of(labels: Labels, where: Where) -> list[tuple[int | None, Dimension]]:
    """Return the numbers of the things that were named; None for what does not exist."""
    found: list[tuple[int | None, Dimension]] = []
    if where.model is not None:
        found.append((labels.model_number(where.model), Dimension.MODEL))
    if where.key_id is not None:
        found.append((labels.key_number(where.workspace_id, where.made_by, where.key_id), Dimension.KEY))
    if where.project is not None:
        found.append((labels.project_number(where.workspace_id, where.project), Dimension.PROJECT))
    return found


def check_range(from_at: int, to_at: int) -> None:
    """Raise InvalidInput for a range that ends before it starts, or is longer than 400 days."""
    if from_at >= to_at:
        raise invalid("/to", "range.empty", "The end must be later than the start.")
    if to_at - from_at > MAX_RANGE_MS:
        raise invalid("/from", "range.too_long", "Ask for at most 400 days.")


def _checked(asked: Question) -> ZoneInfo:
    check_range(asked.from_at, asked.to_at)
    if not is_time_zone(asked.zone):
        raise invalid("/tz", "time_zone.unknown", "Use an IANA name such as Europe/Berlin.")
    if asked.split_by is not None:
        if asked.split_by is asked.group_by:
            raise invalid("/split_by", "split_by.same", "Split by something else than the groups.")
        if asked.split_by.is_time and asked.group_by.is_time:
            raise invalid("/split_by", "split_by.time", "Only one of both can be a stretch of time.")
    return ZoneInfo(asked.zone)


def _column(table: _Table, part: Dimension, stretch: Stretch) -> ColumnElement[int]:
    if not part.is_time:
        column: InstrumentedAttribute[int] = getattr(table, _THINGS[part])
        return column.expression
    # Whole numbers of our own making, written out: bound ones would not match between SELECT and GROUP BY.
    local = table.slot + literal_column(str(stretch.offset), Integer)
    return local // literal_column(str(unit_of(part)), Integer)


def _sums(table: _Table) -> list[ColumnElement[Any]]:
    return [
        func.sum(column)
        for column in (
            table.events,
            table.errors,
            table.input_tokens,
            table.output_tokens,
            table.cache_read_tokens,
            table.cache_write_5m_tokens + table.cache_write_1h_tokens,
            table.credits_nano,
        )
    ]


def _fold(sheet: _Sheet, zone: ZoneInfo, part: Dimension, stretch: Stretch, number: int) -> int:
    """Return the start of the bucket that a local hour or day belongs to."""
    bucket = bucket_of(zone, part, stretch, number)
    sheet.times[bucket.start] = bucket
    return bucket.start
