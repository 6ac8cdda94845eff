"""Run-time settings: typed, bounded, versioned, on record, known to every process soon."""

from __future__ import annotations

import pytest

from ccmanage.accounts.settings import IDLE_MINUTES, REGISTRATION_DOMAINS, REGISTRATION_MODE
from ccmanage.bootstrap import Runtime
from ccmanage.bootstrap.registry import collect
from ccmanage.core.errors import DomainError
from ccmanage.core.pagination import PageRequest
from ccmanage.settings import retention
from ccmanage.settings.cache import MAX_AGE_MS
from ccmanage.settings.kinds import Flag, Names, Text, Whole, WrongValue
from ccmanage.settings.service import Change
from support.doubles import RecordingQueue
from support.world import World, settings_for


def change(world: World, name: str, value: object, revision: int = 0) -> None:
    with world.scope() as scope:
        scope.settings.change([Change(name, value, revision)])


def test_the_default_holds_until_somebody_sets_another(world: World) -> None:
    with world.read() as scope:
        assert scope.settings.get(IDLE_MINUTES) == 480
    change(world, "session.idle_minutes", 30)
    with world.read() as scope:
        assert scope.settings.get(IDLE_MINUTES) == 30
    change(world, "session.idle_minutes", None, 1)
    with world.read() as scope:
        assert scope.settings.get(IDLE_MINUTES) == 480
        assert scope.settings.get(retention.EVENTS) == 396


def test_registration_is_open_only_where_one_tries_the_product(sqlite_world: World) -> None:
    assert REGISTRATION_MODE.default_for(settings_for("sqlite:///x.db", embedded=True)) == "open"
    assert REGISTRATION_MODE.default_for(settings_for("sqlite:///x.db", embedded=False)) == "invitation"


def test_several_change_at_once_or_none(world: World) -> None:
    changes = [Change("session.idle_minutes", 30, 0), Change("retention.mails_days", 0, 0), Change("nope", 1, 0)]
    with pytest.raises(DomainError) as refused, world.scope() as scope:
        scope.settings.change(changes)
    assert [(one.pointer, one.code) for one in refused.value.fields] == [
        ("/changes/1/value", "settings.value"),
        ("/changes/2/name", "settings.unknown"),
    ]
    assert world.rows("settings") == []


def test_two_administrators_do_not_overwrite_each_other(world: World) -> None:
    change(world, "session.idle_minutes", 30)
    with pytest.raises(DomainError) as refused:
        change(world, "session.idle_minutes", 40)
    assert refused.value.code == "settings.changed"
    with world.read() as scope:
        assert scope.settings.get(IDLE_MINUTES) == 30


def test_a_change_is_on_record(world: World) -> None:
    change(world, "registration.domains", [" Example.COM ", "b.example.org", "example.com"])
    with world.read() as scope:
        assert scope.settings.get(REGISTRATION_DOMAINS) == ("example.com", "b.example.org")
        entry = scope.audit.page(_ask()).items[0]
    assert entry.entry.action == "settings.change"
    assert entry.entry.subject_id == "registration.domains"
    assert entry.details["after"]["value"] == ["example.com", "b.example.org"]


def test_another_process_knows_within_two_seconds(world: World) -> None:
    other = Runtime(world.settings, RecordingQueue(), clock=world.clock)
    try:
        with other.read() as scope:
            assert scope.settings.get(IDLE_MINUTES) == 480
        change(world, "session.idle_minutes", 30)
        with other.read() as scope:
            assert scope.settings.get(IDLE_MINUTES) == 480, "from its copy"
        assert world.clock.move(seconds=MAX_AGE_MS / 1000)
        with other.read() as scope:
            assert scope.settings.get(IDLE_MINUTES) == 30
    finally:
        other.close()


def test_what_is_rolled_back_was_never_set(world: World) -> None:
    with pytest.raises(ZeroDivisionError), world.scope() as scope:  # noqa: PT012 - the deed is the block
        scope.settings.change([Change("session.idle_minutes", 30, 0)])
        assert scope.settings.get(IDLE_MINUTES) == 30
        raise ZeroDivisionError
    with world.read() as scope:
        assert scope.settings.get(IDLE_MINUTES) == 480


def test_a_value_of_an_earlier_version_that_no_longer_fits_is_the_default(world: World) -> None:
    change(world, "session.idle_minutes", 30)
    with world.scope() as scope:
        scope.session.connection().exec_driver_sql("UPDATE settings SET value = '99999999'")
    world.clock.move(seconds=2)
    with world.read() as scope:
        assert scope.settings.get(IDLE_MINUTES) == 480


def test_the_idle_time_is_the_one_that_was_set(world: World) -> None:
    ann = world.person("Ann")
    client = world.client(ann)
    change(world, "session.idle_minutes", 5)
    world.clock.move(minutes=4)
    assert client.get("/v1/me").status_code == 200
    world.clock.move(minutes=6)
    assert client.get("/v1/me").status_code == 401


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (Flag(), 1),
        (Whole(1, 5), 6),
        (Whole(1, 5), True),
        (Whole(1, 5), "3"),
        (Text(5), "sixsix"),
        (Text(50), "two\nlines"),
        (Text(50, lines=True), "a\x00b"),
        (Names(str.isalpha, "abc"), ["a b"]),
        (Names(str.isalpha, "abc"), "abc"),
        (Names(str.isalpha, "abc"), [1]),
    ],
)
def test_kinds_refuse_what_they_do_not_take(kind: Flag, bad: object) -> None:
    with pytest.raises(WrongValue):
        kind.check(bad)


def test_every_setting_has_words_and_a_default_that_it_takes() -> None:
    process = settings_for("sqlite:///x.db")
    for setting in collect(process):
        assert setting.title.en, setting.name
        assert setting.title.zh, setting.name
        assert setting.check(setting.default_for(process)) == setting.default_for(process), setting.name
        assert "." in setting.name


def test_administrators_see_and_change_them_over_http(world: World) -> None:
    client = world.client(world.person("Boss", admin=True))
    items = {item["name"]: item for item in client.get("/v1/admin/settings").json()["items"]}
    assert items["retention.events_days"]["value"] == 396
    assert items["registration.mode"]["options"][0]["value"] == "open"
    body = {"changes": [{"name": "mail.footer", "value": "Example GmbH\nBerlin", "revision": 0}]}
    answer = client.patch("/v1/admin/settings", json=body)
    assert answer.status_code == 200, answer.text
    changed = next(item for item in answer.json()["items"] if item["name"] == "mail.footer")
    assert (changed["value"], changed["revision"], changed["is_default"]) == ("Example GmbH\nBerlin", 1, False)
    again = client.patch("/v1/admin/settings", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "settings.changed")


def _ask() -> PageRequest:
    return PageRequest(limit=1)
