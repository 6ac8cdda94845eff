"""People: created whole, encrypted at rest, kept out when suspended."""

import pytest

from ccmanage.accounts.errors import EmailTaken, LastAdmin, UserNotFound
from ccmanage.accounts.models import Role, UserState
from ccmanage.accounts.values import NewAccount, ProfileChange
from ccmanage.core.errors import InvalidInput
from ccmanage.core.ids import new_id
from ccmanage.core.pagination import PageRequest
from support.world import World


def test_a_person_comes_with_a_workspace_and_its_books(world: World) -> None:
    ann = world.person("Ann")
    assert world.count("workspaces", f"personal_user_id = {ann.account.id}") == 1
    assert world.count("members", f"user_id = {ann.account.id} AND role = 3") == 1
    assert world.count("balances", f"workspace_id = {ann.workspace.id}") == 1


def test_address_and_name_are_not_readable_in_the_database(world: World) -> None:
    world.person("Ann")
    dump = repr(world.rows("users")) + repr(world.rows("workspaces")) + repr(world.rows("audit_details"))
    assert "ann@example.com" not in dump
    assert "Ann" not in dump


def test_an_address_is_found_in_any_spelling(world: World) -> None:
    ann = world.person("Ann")
    with world.read() as scope:
        found = scope.accounts.find_by_email(" ANN@Example.com ")
        assert found is not None
        assert found.public_id == ann.account.public_id
        assert scope.accounts.find_by_email("nobody@example.com") is None
        assert scope.accounts.find_by_email("no address") is None


def test_an_address_is_taken_once(world: World) -> None:
    world.person("Ann")
    with world.scope() as scope, pytest.raises(EmailTaken):
        scope.accounts.create(NewAccount("ANN@example.com", "Another Ann", None))
    assert world.count("users") == 1


@pytest.mark.parametrize(
    ("new", "pointer"),
    [
        (NewAccount("nonsense", "Ann", None), "/email"),
        (NewAccount("ann@example.com", " \t ", None), "/name"),
        (NewAccount("ann@example.com", "line\nbreak", None), "/name"),
        (NewAccount("ann@example.com", "Ann", None, time_zone="Mars/Olympus"), "/time_zone"),
        (NewAccount("ann@example.com", "Ann", None, locale="xx"), "/locale"),
    ],
)
def test_bad_fields_are_named(sqlite_world: World, new: NewAccount, pointer: str) -> None:
    with sqlite_world.scope() as scope, pytest.raises(InvalidInput) as caught:
        scope.accounts.create(new)
    assert [field.pointer for field in caught.value.fields] == [pointer]
    assert sqlite_world.count("users") == 0


def test_people_are_paged_newest_first(world: World) -> None:
    names = [f"Person {number}" for number in range(5)]
    for name in names:
        world.person(name)
    with world.read() as scope:
        first = scope.accounts.page(PageRequest(3))
        second = scope.accounts.page(PageRequest(3, first.next_cursor))
    assert [account.name for account in [*first.items, *second.items]] == names[::-1]
    assert second.next_cursor is None


def test_a_profile_changes_only_where_told(world: World) -> None:
    ann = world.person("Ann")
    with world.scope() as scope:
        scope.accounts.update_profile(ann.account.id, ProfileChange(locale="zh"))
    with world.scope() as scope:
        scope.accounts.update_profile(ann.account.id, ProfileChange(name="Anna", time_zone="Asia/Shanghai"))
    with world.read() as scope:
        account = scope.accounts.by_number(ann.account.id)
    assert (account.name, account.locale, account.time_zone) == ("Anna", "zh", "Asia/Shanghai")
    assert world.count("audit_log", "action = 'accounts.update_profile'") == 2


def test_changing_nothing_is_not_a_deed(world: World) -> None:
    ann = world.person("Ann")
    with world.scope() as scope:
        scope.accounts.update_profile(ann.account.id, ProfileChange(name="Ann"))
    assert world.count("audit_log", "action = 'accounts.update_profile'") == 0


def test_suspension_ends_sessions_and_revokes_keys(world: World) -> None:
    ann, boss = world.person("Ann"), world.person("Boss")
    team = world.shared(boss)
    world.key(ann)
    world.token(ann)
    with world.scope() as scope:
        scope.accounts.suspend(ann.account.public_id, reason="left the company")
    assert world.count("sessions", "ended_at IS NULL") == 0
    assert world.count("api_keys", "state = 0") == 0
    assert world.count("workspaces", f"id = {team.id}") == 1
    with world.scope() as scope:
        again = scope.accounts.suspend(ann.account.public_id, reason="twice")
        assert again.state is UserState.SUSPENDED
    assert world.count("audit_log", "action = 'accounts.suspend_user'") == 1


def test_reactivation_lets_in_but_does_not_revive_keys(world: World) -> None:
    ann = world.person("Ann")
    world.key(ann)
    with world.scope() as scope:
        scope.accounts.suspend(ann.account.public_id, reason="a mistake")
    with world.scope() as scope:
        assert scope.accounts.reactivate(ann.account.public_id).state is UserState.ACTIVE
    assert world.count("api_keys", "state = 0") == 0


def test_the_last_admin_stays(world: World) -> None:
    boss, second = world.person("Boss", admin=True), world.person("Second", admin=True)
    with world.scope() as scope:
        scope.accounts.suspend(boss.account.public_id, reason="holiday")
    with world.scope() as scope, pytest.raises(LastAdmin):
        scope.accounts.suspend(second.account.public_id, reason="holiday")
    with world.read() as scope:
        assert scope.accounts.get(second.account.public_id).role is Role.ADMIN


def test_an_unknown_person_is_not_found(sqlite_world: World) -> None:
    with sqlite_world.read() as scope, pytest.raises(UserNotFound):
        scope.accounts.get(new_id())


def test_names_come_with_one_query(world: World) -> None:
    people = [world.person(f"Person {number}") for number in range(3)]
    with world.read() as scope:
        found = scope.accounts.named([person.account.id for person in people] * 2)
    assert {account.name for account in found.values()} == {"Person 0", "Person 1", "Person 2"}
