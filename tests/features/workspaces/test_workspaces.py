"""Workspaces: who belongs to which, and what others see of them: nothing."""

import pytest

from ccmanage.accounts.errors import UserNotFound
from ccmanage.core.errors import InvalidInput
from ccmanage.core.ids import new_id
from ccmanage.core.pagination import PageRequest
from ccmanage.workspaces.errors import AlreadyMember, PersonalWorkspaceIsAlone, WorkspaceNotFound
from ccmanage.workspaces.models import MemberRole, WorkspaceKind, WorkspaceState
from support.world import World


def test_without_an_id_the_personal_workspace_is_meant(world: World) -> None:
    ann = world.person("Ann")
    with world.read() as scope:
        membership = scope.workspaces.membership(ann.account.id, None)
    assert (membership.workspace_id, membership.kind) == (ann.workspace.id, WorkspaceKind.PERSONAL)
    assert membership.role is MemberRole.OWNER


def test_opening_the_personal_workspace_again_gives_the_same(world: World) -> None:
    ann = world.person("Ann")
    with world.scope() as scope:
        assert scope.workspaces.open_personal(ann.account.id).id == ann.workspace.id
    assert world.count("workspaces") == 1


def test_the_personal_workspace_does_not_tell_the_name(world: World) -> None:
    assert world.person("Ann").workspace.name == "Personal"


def test_members_have_roles_and_strangers_find_nothing(world: World) -> None:
    ann, bob, eve = world.person("Ann"), world.person("Bob"), world.person("Eve")
    team = world.shared(ann, "Team")
    world.join(team, bob, MemberRole.VIEWER)
    with world.read() as scope:
        assert scope.workspaces.membership(ann.account.id, team.public_id).role is MemberRole.OWNER
        assert scope.workspaces.membership(bob.account.id, team.public_id).role is MemberRole.VIEWER
        for stranger, place in ((eve, team.public_id), (eve, ann.workspace.public_id), (ann, new_id())):
            with pytest.raises(WorkspaceNotFound):
                scope.workspaces.membership(stranger.account.id, place)


def test_ones_workspaces_are_listed_the_personal_one_first(world: World) -> None:
    ann, bob = world.person("Ann"), world.person("Bob")
    world.shared(bob, "Bob's")
    team = world.shared(bob, "Team")
    world.join(team, ann, MemberRole.MEMBER)
    with world.read() as scope:
        assert [found.name for found in scope.workspaces.list_of(ann.account.id)] == ["Personal", "Team"]


def test_nobody_joins_twice_or_joins_a_personal_workspace(world: World) -> None:
    ann, bob = world.person("Ann"), world.person("Bob")
    team = world.shared(ann)
    world.join(team, bob, MemberRole.MEMBER)
    with pytest.raises(AlreadyMember):
        world.join(team, bob, MemberRole.OWNER)
    with pytest.raises(PersonalWorkspaceIsAlone):
        world.join(ann.workspace, bob, MemberRole.MEMBER)


def test_a_workspace_needs_an_owner_that_exists_and_a_name(world: World) -> None:
    ann = world.person("Ann")
    with world.scope() as scope, pytest.raises(UserNotFound):
        scope.workspaces.open_shared("Team", new_id())
    with world.scope() as scope, pytest.raises(InvalidInput):
        scope.workspaces.open_shared("  ", ann.account.public_id)


def test_a_new_workspace_has_books(world: World) -> None:
    team = world.shared(world.person("Ann"))
    assert world.count("balances", f"workspace_id = {team.id}") == 1


def test_renaming_is_recorded_once(world: World) -> None:
    team = world.shared(world.person("Ann"), "Old")
    for _ in range(2):
        with world.scope() as scope:
            assert scope.workspaces.rename(team.id, "  New ").name == "New"
    assert world.count("audit_log", "action = 'workspaces.rename'") == 1


def test_suspension_comes_and_goes(world: World) -> None:
    team = world.shared(world.person("Ann"))
    for deed, state in (("suspend", WorkspaceState.SUSPENDED), ("reactivate", WorkspaceState.ACTIVE)):
        for _ in range(2):
            with world.scope() as scope:
                options = {"reason": "unpaid"} if deed == "suspend" else {}
                assert getattr(scope.workspaces, deed)(team.public_id, **options).state == state
        assert world.count("audit_log", f"action = 'workspaces.{deed}'") == 1


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("team", {"Team 100%", "team_a", "Teamwork!"}),
        ("100%", {"Team 100%"}),
        ("%", {"Team 100%"}),
        ("_", {"team_a"}),
        ("!", {"Teamwork!"}),
        ("m_a", {"team_a"}),
        ("' OR 1=1 --", set()),
        ("\\", set()),
    ],
)
def test_search_takes_every_character_literally(world: World, search: str, found: set[str]) -> None:
    ann = world.person("Ann")
    for name in ("Team 100%", "team_a", "Teamwork!", "Other"):
        world.shared(ann, name)
    with world.read() as scope:
        page = scope.workspaces.page(PageRequest(), search=search)
    assert {workspace.name for workspace in page.items} == found


def test_a_very_long_search_is_cut(world: World) -> None:
    with world.read() as scope:
        assert scope.workspaces.page(PageRequest(), search="x" * 10_000).items == []
