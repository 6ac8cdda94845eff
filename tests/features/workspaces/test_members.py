"""Members: roles, leaving, handing over, closing; what becomes of keys; and two deeds at the same instant."""

import threading
from collections.abc import Callable

import pytest

from ccmanage.core.errors import DomainError
from ccmanage.core.ids import new_id
from ccmanage.core.money import NANO
from ccmanage.core.pagination import PageRequest
from ccmanage.workspaces.errors import (
    CannotTakeKeys,
    LastOwner,
    MemberNotFound,
    PersonalWorkspaceIsAlone,
    RoleTooLow,
    WorkspaceClosed,
    WorkspaceNotFound,
)
from ccmanage.workspaces.members import Acting
from ccmanage.workspaces.models import MemberRole, Workspace, WorkspaceState
from support.books import assert_books_clean
from support.plans import assign, balance, publish
from support.world import Person, World

VIEWER, MEMBER, MANAGER, OWNER = MemberRole.VIEWER, MemberRole.MEMBER, MemberRole.MANAGER, MemberRole.OWNER


class Team:
    """A shared workspace with one person of each role."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.owner = world.person("Olga")
        self.workspace: Workspace = world.shared(self.owner, "Team")
        self.manager, self.member, self.viewer = world.person("Mani"), world.person("Mem"), world.person("Vio")
        for person, role in ((self.manager, MANAGER), (self.member, MEMBER), (self.viewer, VIEWER)):
            world.join(self.workspace, person, role)

    def acting(self, person: Person) -> Acting:
        return Acting(self.workspace.id, person.account.id)

    def set_role(self, actor: Person, target: Person, role: MemberRole) -> None:
        with self.world.scope() as scope:
            scope.members.set_role(self.acting(actor), target.account.public_id, role)

    def remove(self, actor: Person, target: Person, to: Person | None = None) -> None:
        with self.world.scope() as scope:
            scope.members.remove(
                self.acting(actor), target.account.public_id, to.account.public_id if to is not None else None
            )

    def leave(self, person: Person) -> None:
        with self.world.scope() as scope:
            scope.members.leave(person.account.id, self.workspace.public_id)

    def close(self, person: Person) -> None:
        with self.world.scope() as scope:
            scope.members.close(self.acting(person))

    def hand_over(self, actor: Person, target: Person) -> None:
        with self.world.scope() as scope:
            scope.members.hand_over(self.acting(actor), target.account.public_id)

    def roles(self) -> dict[str, MemberRole]:
        with self.world.read() as scope:
            page = scope.members.page(self.workspace.id, PageRequest())
        return {view.account.name: view.role for view in page.items}

    def keys(self) -> list[tuple[int, int]]:
        return [
            (row["user_id"], row["state"]) for row in self.world.rows("api_keys", f"workspace_id={self.workspace.id}")
        ]


@pytest.fixture
def team(world: World) -> Team:
    return Team(world)


def test_managers_set_roles_up_to_manager(team: Team) -> None:
    team.set_role(team.manager, team.viewer, MANAGER)
    assert team.roles()["Vio"] is MANAGER
    with pytest.raises(RoleTooLow):
        team.set_role(team.manager, team.viewer, OWNER)
    with pytest.raises(RoleTooLow):
        team.set_role(team.manager, team.owner, MEMBER)
    with pytest.raises(RoleTooLow):
        team.set_role(team.member, team.member, MANAGER)
    assert team.world.count("audit_log", "action='workspaces.set_role'") == 1


def test_owners_make_owners_and_the_last_one_stays(team: Team) -> None:
    with pytest.raises(LastOwner):
        team.set_role(team.owner, team.owner, MEMBER)
    team.set_role(team.owner, team.manager, OWNER)
    team.set_role(team.owner, team.owner, MEMBER)
    assert (team.roles()["Olga"], team.roles()["Mani"]) == (MEMBER, OWNER)
    with pytest.raises(LastOwner):
        team.leave(team.manager)


def test_a_suspended_owner_does_not_count(team: Team) -> None:
    team.set_role(team.owner, team.manager, OWNER)
    with team.world.scope() as scope:
        scope.accounts.suspend(team.manager.account.public_id, reason="away")
    with pytest.raises(LastOwner):
        team.leave(team.owner)


def test_whoever_becomes_a_viewer_keeps_no_keys(team: Team) -> None:
    team.world.key(team.member, workspace=team.workspace)
    own = team.world.key(team.member)
    team.set_role(team.owner, team.member, VIEWER)
    assert team.keys() == [(team.member.account.id, 1)]
    assert team.world.rows("api_keys", f"id={own.key.id}")[0]["state"] == 0


def test_removing_revokes_the_keys_made_there_and_no_others(team: Team) -> None:
    team.world.key(team.member, workspace=team.workspace)
    own = team.world.key(team.member)
    team.world.key(team.manager, workspace=team.workspace)
    team.remove(team.manager, team.member)
    assert sorted(team.keys()) == sorted([(team.member.account.id, 1), (team.manager.account.id, 0)])
    assert team.world.rows("api_keys", f"id={own.key.id}")[0]["state"] == 0
    assert "Mem" not in team.roles()
    assert team.world.count("audit_log", "action='keys.revoke'") == 1
    assert team.world.count("audit_log", "action='workspaces.remove_member'") == 1
    with team.world.read() as scope, pytest.raises(WorkspaceNotFound):
        scope.workspaces.membership(team.member.account.id, team.workspace.public_id)


def test_removing_hands_the_keys_on_in_the_same_act(team: Team) -> None:
    team.world.key(team.member, workspace=team.workspace)
    team.remove(team.manager, team.member, team.manager)
    assert team.keys() == [(team.manager.account.id, 0)]
    assert team.world.count("audit_log", "action='keys.reassign'") == 1


def test_keys_go_only_to_members_who_may_have_some(team: Team) -> None:
    stranger = team.world.person("Eve")
    team.world.key(team.member, workspace=team.workspace)
    for taker in (stranger, team.viewer, team.member):
        with pytest.raises(CannotTakeKeys):
            team.remove(team.manager, team.member, taker)
    assert team.roles()["Mem"] is MEMBER
    assert team.keys() == [(team.member.account.id, 0)]


def test_managers_do_not_remove_owners_and_nobody_removes_the_last(team: Team) -> None:
    with pytest.raises(RoleTooLow):
        team.remove(team.manager, team.owner)
    with pytest.raises(RoleTooLow):
        team.remove(team.member, team.viewer)
    with pytest.raises(LastOwner):
        team.remove(team.owner, team.owner)
    with pytest.raises(MemberNotFound):
        team.remove(team.owner, team.world.person("Eve"))


def test_leaving_takes_ones_keys_along(team: Team) -> None:
    team.world.key(team.member, workspace=team.workspace)
    team.leave(team.member)
    assert team.keys() == [(team.member.account.id, 1)]
    with pytest.raises(WorkspaceNotFound):
        team.leave(team.member)
    with pytest.raises(LastOwner):
        team.leave(team.owner)


def test_nobody_leaves_or_closes_what_is_personal(world: World) -> None:
    ann = world.person("Ann")
    with world.scope() as scope, pytest.raises(PersonalWorkspaceIsAlone):
        scope.members.leave(ann.account.id, ann.workspace.public_id)
    with world.scope() as scope, pytest.raises(PersonalWorkspaceIsAlone):
        scope.members.close(Acting(ann.workspace.id, ann.account.id))
    with world.scope() as scope, pytest.raises(PersonalWorkspaceIsAlone):
        scope.members.hand_over(Acting(ann.workspace.id, ann.account.id), ann.account.public_id)


def test_handing_over_swaps_the_roles_at_once(team: Team) -> None:
    team.hand_over(team.owner, team.member)
    assert (team.roles()["Mem"], team.roles()["Olga"]) == (OWNER, MANAGER)
    with pytest.raises(RoleTooLow):
        team.hand_over(team.owner, team.manager)
    with pytest.raises(MemberNotFound):
        team.hand_over(team.member, team.member)
    with pytest.raises(MemberNotFound):
        team.hand_over(team.member, team.world.person("Eve"))


def test_a_closed_workspace_is_read_and_left_and_nothing_else(team: Team) -> None:
    team.world.key(team.member, workspace=team.workspace)
    team.world.grant(team.workspace, "5")
    team.close(team.owner)
    assert team.keys() == [(team.member.account.id, 1)]
    with team.world.read() as scope:
        seen = scope.workspaces.membership(team.member.account.id, team.workspace.public_id)
        assert seen.state is WorkspaceState.CLOSED
        assert seen.closed_at == team.world.clock.now
        assert scope.workspaces.list_of(team.member.account.id)[-1].public_id == team.workspace.public_id
    deeds: list[Callable[[], None]] = [
        lambda: team.close(team.owner),
        lambda: team.set_role(team.owner, team.member, VIEWER),
        lambda: team.remove(team.owner, team.member),
        lambda: team.hand_over(team.owner, team.member),
        lambda: team.world.join(team.workspace, team.world.person("Eve"), MEMBER),
    ]
    for deed in deeds:
        with pytest.raises(WorkspaceClosed):
            deed()
    team.leave(team.owner)


def test_closing_ends_the_subscription_with_its_allowance(team: Team) -> None:
    assign(team.world, team.workspace, publish(team.world))
    team.world.grant(team.workspace, "5")
    team.close(team.owner)
    assert team.world.rows("subscriptions")[0]["live_workspace_id"] is None
    assert balance(team.world, team.workspace) == (5 * NANO, 0)
    assert team.world.count("audit_log", "action='subscriptions.end'") == 1
    assert_books_clean(team.world.runtime.database, team.world.clock)


def test_only_owners_close(team: Team) -> None:
    with pytest.raises(RoleTooLow):
        team.close(team.manager)
    stranger = team.acting(team.world.person("Eve"))
    with team.world.scope() as scope, pytest.raises(WorkspaceNotFound):
        scope.members.close(stranger)


def test_who_lost_their_role_makes_no_key_with_what_let_them_in(team: Team) -> None:
    """What admits a request may be two seconds old; the key is made under the workspace's lock."""
    with team.world.read() as scope:
        scope.members.hold(team.workspace.id, team.member.account.id, MEMBER)
    team.remove(team.manager, team.member)
    with team.world.scope() as scope, pytest.raises(WorkspaceNotFound):
        scope.members.hold(team.workspace.id, team.member.account.id, MEMBER)
    with team.world.scope() as scope, pytest.raises(RoleTooLow):
        scope.members.hold(team.workspace.id, team.viewer.account.id, MEMBER)
    with team.world.scope() as scope:
        scope.accounts.suspend(team.manager.account.public_id, reason="gone")
    with team.world.scope() as scope, pytest.raises(WorkspaceNotFound):
        scope.members.hold(team.workspace.id, team.manager.account.id, MEMBER)


def test_two_owners_who_go_at_the_same_instant_do_not_both_go(team: Team) -> None:
    team.set_role(team.owner, team.manager, OWNER)
    start, went = threading.Barrier(2), []

    def go(person: Person) -> None:
        start.wait()
        try:
            team.world.runtime.run(lambda scope: scope.members.leave(person.account.id, team.workspace.public_id))
            went.append(person.account.name)
        except DomainError as error:
            went.append(error.code)

    threads = [threading.Thread(target=go, args=(person,)) for person in (team.owner, team.manager)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "workspaces.last_owner" in went
    assert [role for role in team.roles().values() if role is OWNER] == [OWNER]


def test_the_owner_of_an_unknown_workspace_is_nobody(team: Team) -> None:
    with team.world.scope() as scope, pytest.raises(WorkspaceNotFound):
        scope.members.leave(team.owner.account.id, new_id())
