"""Sign-ins: a row each, which ends by time, by disuse, by hand."""

from collections.abc import Callable

import pytest

from ccmanage.accounts.sessions import Identity, SessionEnded, Started
from ccmanage.accounts.tasks import ForgetStale
from ccmanage.core.ids import SESSION, encode_id
from support.world import Person, World
from workers.actors.accounts import forget_stale


def start(world: World, person: Person) -> Started:
    with world.scope() as scope:
        who = scope.accounts.credentials(person.account.id)
        return scope.sessions.start(who, address="192.0.2.1", device="test")


def identify(world: World, started: Started) -> Identity:
    with world.read() as scope:
        return scope.sessions.identify(encode_id(SESSION, started.session_public_id))


def test_a_session_tells_whose_it_is(world: World) -> None:
    ann = world.person("Ann")
    identity = identify(world, start(world, ann))
    assert identity.user_id == ann.account.id


def test_address_and_device_are_encrypted(world: World) -> None:
    start(world, world.person("Ann"))
    row = world.rows("sessions")[0]
    assert b"192.0.2.1" not in row["network_sealed"]
    assert b"test" not in row["device_sealed"]


def _idle(world: World, person: Person, started: Started) -> None:
    world.clock.move(hours=8, seconds=1)


def _day(world: World, person: Person, started: Started) -> None:
    for _ in range(4):
        world.clock.move(hours=6)
        if world.clock.now < started.expires_at:
            with world.scope() as scope:
                scope.sessions.touch(scope.sessions.identify(encode_id(SESSION, started.session_public_id)))


def _logout(world: World, person: Person, started: Started) -> None:
    with world.scope() as scope:
        scope.sessions.end(scope.sessions.identify(encode_id(SESSION, started.session_public_id)))


def _suspension(world: World, person: Person, started: Started) -> None:
    with world.scope() as scope:
        scope.accounts.suspend(person.account.public_id, reason="test")


def _password(world: World, person: Person, started: Started) -> None:
    with world.scope() as scope:
        scope.accounts.set_password(person.account.id, "$argon2id$new")


@pytest.mark.parametrize("end", [_idle, _day, _logout, _suspension, _password])
def test_a_session_ends(world: World, end: Callable[[World, Person, Started], None]) -> None:
    ann = world.person("Ann")
    started = start(world, ann)
    identify(world, started)
    end(world, ann, started)
    with pytest.raises(SessionEnded):
        identify(world, started)


def test_use_keeps_it_alive_and_is_noted_once_a_minute(world: World) -> None:
    ann = world.person("Ann")
    started = start(world, ann)
    with world.scope() as scope:
        identity = scope.sessions.identify(encode_id(SESSION, started.session_public_id))
        assert not scope.sessions.is_due(identity)
        world.clock.move(minutes=1)
        assert scope.sessions.is_due(identity)
        scope.sessions.touch(identity)
    world.clock.move(hours=7, minutes=59)
    identify(world, started)


def test_a_new_password_keeps_the_session_that_set_it(world: World) -> None:
    ann = world.person("Ann")
    mine, other = start(world, ann), start(world, ann)
    with world.scope() as scope:
        keep = scope.sessions.identify(encode_id(SESSION, mine.session_public_id)).session_id
        scope.accounts.set_password(ann.account.id, "$argon2id$new", keep_session=keep)
    identify(world, mine)
    with pytest.raises(SessionEnded):
        identify(world, other)


def test_signing_out_twice_is_one_deed(world: World) -> None:
    ann = world.person("Ann")
    identity = identify(world, start(world, ann))
    for _ in range(2):
        with world.scope() as scope:
            scope.sessions.end(identity)
    assert world.count("audit_log", "action = 'accounts.sign_out'") == 1


def test_sign_ins_are_forgotten_some_time_after_their_end(world: World) -> None:
    ann = world.person("Ann")
    start(world, ann)
    # Three months, by default, after they ran out.
    world.clock.move(days=89)
    forget_stale(world.runtime, ForgetStale())
    assert world.count("sessions") == 1
    world.clock.move(days=32)
    start(world, ann)
    forget_stale(world.runtime, ForgetStale())
    assert world.count("sessions") == 1
    assert world.count("audit_log", "action = 'accounts.sign_in'") == 2
    assert world.queue.take() == []
