"""Sums of usage equal what one gets by adding up every row by hand, however they are cut."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from ccmanage.core.clock import DAY, HOUR, parse_rfc3339
from ccmanage.core.errors import InvalidInput
from ccmanage.core.ids import KEY, USER, decode_id
from ccmanage.reports.rules import SLOT_SECONDS, Dimension
from ccmanage.reports.usage import Question, Summary, Sums, Where
from ccmanage.usage.models import ModelName, Project, Rollup
from support.world import World

START = parse_rfc3339("2026-10-20T00:00:00Z")
THINGS = [Dimension.MODEL, Dimension.KEY, Dimension.USER, Dimension.PROJECT]
TIMES = [Dimension.HOUR, Dimension.DAY, Dimension.WEEK, Dimension.MONTH]
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]


class House:
    """A world with two people, keys, models and projects in one workspace, and rollups as one likes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ann, self.bob = world.person("Ann"), world.person("Bob")
        self.team = world.shared(self.ann)
        keys = [world.key(person, f"{person.account.name}'s", workspace=self.team) for person in (self.ann, self.bob)]
        with world.scope() as scope:
            models = [ModelName(name=name) for name in (b"opus", b"haiku")]
            project = Project(workspace_id=self.team.id, label=b"apollo")
            scope.session.add_all([*models, project])
            scope.session.flush()
            self.numbers = {
                Dimension.MODEL: {model.id: bytes(model.name).decode() for model in models},
                Dimension.KEY: {key.key.id: key.key.name for key in keys},
                Dimension.USER: {person.account.id: person.account.name for person in (self.ann, self.bob)},
                Dimension.PROJECT: {project.id: "apollo", 0: ""},
            }

    def fill(self, rows: list[dict[str, Any]]) -> None:
        """Replace all rollups."""
        with self.world.scope() as scope:
            scope.session.query(Rollup).delete()
            if rows:
                empty = dict.fromkeys((column.name for column in Rollup.__table__.columns), 0)
                scope.session.execute(insert(Rollup), [{**empty, **row} for row in rows])

    def ask(self, **asked: Any) -> Summary:
        where = Where(self.team.id, **{name: asked.pop(name) for name in list(asked) if name in Where.__slots__})
        question = Question(where, asked.pop("from_at", START), asked.pop("to_at", START + 40 * DAY), **asked)
        with self.world.read() as scope:
            return scope.usage_report.summary(question)


def row(house: House, slot: int, choice: tuple[int, int, int], amount: int) -> dict[str, Any]:
    key, model, project = choice
    keys, users = list(house.numbers[Dimension.KEY]), list(house.numbers[Dimension.USER])
    return {
        "workspace_id": house.team.id,
        "slot": slot,
        "key_id": keys[key],
        "user_id": users[key],
        "model_id": list(house.numbers[Dimension.MODEL])[model],
        "project_id": list(house.numbers[Dimension.PROJECT])[project],
        "events": amount,
        "errors": amount % 3,
        "input_tokens": amount * 7,
        "output_tokens": amount * 11,
        "cache_read_tokens": amount * 13,
        "cache_write_5m_tokens": amount * 17,
        "cache_write_1h_tokens": amount * 19,
        "web_searches": 0,
        "credits_nano": amount * 10**12 + 1,
    }


def name_of(house: House, dimension: Dimension, zone: ZoneInfo, entry: dict[str, Any]) -> str:
    """Return the label that an entry's group must have."""
    if not dimension.is_time:
        return house.numbers[dimension][entry[f"{dimension.value}_id"]]
    local = datetime.fromtimestamp(entry["slot"] * SLOT_SECONDS, zone)
    if dimension is Dimension.HOUR:
        return f"{local:%Y-%m-%d %H}:00 {local:%z}"
    if dimension is Dimension.WEEK:
        year, week, _ = local.isocalendar()
        return f"{year}-W{week:02d}"
    return f"{local:%Y-%m}" if dimension is Dimension.MONTH else f"{local:%Y-%m-%d}"


def shown(dimension: Dimension, label: Any) -> str:
    if dimension is not Dimension.HOUR:
        return str(label.label)
    offset = datetime.fromisoformat(label.id)
    return f"{offset:%Y-%m-%d %H}:00 {offset:%z}"


def add(sums: Sums, entry: dict[str, Any]) -> None:
    sums.add(
        Sums(
            entry["events"],
            entry["errors"],
            entry["input_tokens"],
            entry["output_tokens"],
            entry["cache_read_tokens"],
            entry["cache_write_5m_tokens"] + entry["cache_write_1h_tokens"],
            entry["credits_nano"],
        )
    )


@pytest.fixture
def house(world: World) -> House:
    return House(world)


FIRST_SLOT = START // 1000 // SLOT_SECONDS
CELLS = st.dictionaries(
    st.tuples(
        st.integers(FIRST_SLOT - 96, FIRST_SLOT + 96 * 41), st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)
    ),
    st.integers(1, 1000),
    max_size=30,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=CELLS,
    zone=st.sampled_from(ZONES),
    group=st.sampled_from([*TIMES, *THINGS]),
    split=st.sampled_from([None, *TIMES, *THINGS]),
    start=st.integers(0, 96 * 3),
    length=st.integers(1, 96 * 35),
)
def test_sums_equal_adding_up_by_hand(
    house: House,
    cells: dict[tuple[int, int, int, int], int],
    zone: str,
    group: Dimension,
    split: Dimension | None,
    start: int,
    length: int,
) -> None:
    if split is not None and (split is group or (split.is_time and group.is_time)):
        split = None
    rows = [row(house, slot, (key, model, project), amount) for (slot, key, model, project), amount in cells.items()]
    house.fill(rows)
    first = FIRST_SLOT + start
    from_at, to_at = first * 900_000, (first + length) * 900_000
    expected: dict[tuple[str, str], Sums] = defaultdict(Sums)
    total = Sums()
    for entry in rows:
        if first <= entry["slot"] < first + length:
            place = ZoneInfo(zone)
            key = (name_of(house, group, place, entry), name_of(house, split, place, entry) if split else "")
            add(expected[key], entry)
            add(total, entry)
    found = house.ask(from_at=from_at, to_at=to_at, zone=zone, group_by=group, split_by=split)
    assert {
        (shown(group, line.group), shown(split, line.split) if split else ""): line.sums for line in found.rows
    } == dict(expected)
    assert found.total == total
    if group.is_time:
        names = [label.id for label in found.buckets]
        assert [line.group.id for line in found.rows] == sorted((line.group.id for line in found.rows), key=names.index)


def test_things_carry_their_outside_ids(house: House) -> None:
    house.fill([row(house, FIRST_SLOT + 1, (0, 0, 0), 5)])
    key = house.ask(group_by=Dimension.KEY).rows[0].group
    user = house.ask(group_by=Dimension.USER).rows[0].group
    assert len(decode_id(KEY, key.id)) == 16
    assert decode_id(USER, user.id) == house.ann.account.public_id


def test_the_dearest_thing_stands_first(house: House) -> None:
    house.fill(
        [row(house, FIRST_SLOT + n, (0, model, 0), amount) for n, (model, amount) in enumerate([(0, 5), (1, 50)])]
    )
    assert [line.group.label for line in house.ask(group_by=Dimension.MODEL).rows] == ["haiku", "opus"]


def test_filters_narrow_and_unknown_things_have_no_usage(house: House) -> None:
    house.fill([row(house, FIRST_SLOT + n, (n % 2, n // 2 % 2, n // 4), n + 1) for n in range(8)])
    with house.world.read() as scope:
        keys = scope.keys.named(house.numbers[Dimension.KEY])
    public_ids = {number: key.public_id for number, key in keys.items()}
    first = next(iter(house.numbers[Dimension.KEY]))
    assert house.ask(key_id=public_ids[first]).total.events == 1 + 3 + 5 + 7
    assert house.ask(model="opus").total.events == 1 + 2 + 5 + 6
    assert house.ask(project="apollo").total.events == 1 + 2 + 3 + 4
    assert house.ask(made_by=house.bob.account.id).total.events == 2 + 4 + 6 + 8
    assert house.ask(made_by=house.bob.account.id, key_id=public_ids[first]).total.events == 0
    for unknown in ({"model": "gpt"}, {"project": "gemini"}, {"key_id": b"\0" * 16}):
        assert house.ask(**unknown).total.events == 0


def test_other_workspaces_are_not_counted(house: House) -> None:
    house.fill([{**row(house, FIRST_SLOT + 1, (0, 0, 0), 5), "workspace_id": house.ann.workspace.id}])
    assert house.ask().rows == []


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"from_at": START, "to_at": START}, "/to"),
        ({"from_at": START, "to_at": START - 1}, "/to"),
        ({"from_at": START, "to_at": START + 400 * DAY + HOUR + 1}, "/from"),
        ({"zone": "Mars/Olympus"}, "/tz"),
        ({"zone": "../../etc/passwd"}, "/tz"),
        ({"zone": ""}, "/tz"),
        ({"group_by": Dimension.DAY, "split_by": Dimension.DAY}, "/split_by"),
        ({"group_by": Dimension.DAY, "split_by": Dimension.HOUR}, "/split_by"),
    ],
)
def test_questions_that_cannot_be_answered_say_why(sqlite_world: World, asked: dict[str, Any], pointer: str) -> None:
    house = House(sqlite_world)
    with pytest.raises(InvalidInput) as caught:
        house.ask(**asked)
    assert [field.pointer for field in caught.value.fields] == [pointer]


def test_four_hundred_days_are_answered(house: House) -> None:
    house.fill([row(house, FIRST_SLOT + 96 * day, (0, 0, 0), 1) for day in range(0, 400, 7)])
    found = house.ask(to_at=START + 400 * DAY, group_by=Dimension.DAY, zone="Europe/Berlin")
    assert found.total.events == 58
    assert len(found.buckets) == 401


def test_too_many_rows_are_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmanage.reports.usage.MAX_ROWS", 3)
    house.fill([row(house, FIRST_SLOT + 96 * day, (0, 0, 0), 1) for day in range(4)])
    with pytest.raises(InvalidInput):
        house.ask()
    assert house.ask(group_by=Dimension.MONTH, to_at=START + 3 * DAY).total.events == 3
