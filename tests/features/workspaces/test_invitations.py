"""Invitations: who may send which, what the link proves, what else it takes; limits, and two answers at once."""

import json
import re
import threading
from typing import Any

import pytest

from ccmanage.core.clock import DAY, MINUTE
from ccmanage.core.errors import DomainError, InvalidInput
from ccmanage.core.pagination import PageRequest
from ccmanage.workspaces import invitations as feature
from ccmanage.workspaces.errors import (
    AddressNotProven,
    AlreadyMember,
    InvitationExpired,
    InvitationNotFound,
    InvitationPending,
    InvitedTooOften,
    OtherAddress,
    PersonalWorkspaceIsAlone,
    RoleTooLow,
    TooManyInvitations,
    WorkspaceClosed,
)
from ccmanage.workspaces.invitations import InvitationView
from ccmanage.workspaces.members import Acting
from ccmanage.workspaces.models import MemberRole, Workspace
from support.world import Person, World

MEMBER, MANAGER, OWNER = MemberRole.MEMBER, MemberRole.MANAGER, MemberRole.OWNER


class Team:
    """A workspace whose owner asks people in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.owner, self.manager = world.person("Olga"), world.person("Mani")
        self.workspace: Workspace = world.shared(self.owner, "Team")
        world.join(self.workspace, self.manager, MANAGER)

    def invite(self, email: str, role: MemberRole = MEMBER, *, by: Person | None = None) -> InvitationView:
        acting = Acting(self.workspace.id, (by or self.owner).account.id)
        with self.world.scope() as scope:
            return scope.invitations.invite(acting, email, role)

    def resend(self, view: InvitationView) -> None:
        with self.world.scope() as scope:
            scope.invitations.resend(Acting(self.workspace.id, self.manager.account.id), view.public_id)

    def withdraw(self, view: InvitationView) -> None:
        with self.world.scope() as scope:
            scope.invitations.withdraw(Acting(self.workspace.id, self.manager.account.id), view.public_id)

    def accept(self, person: Person, **how: Any) -> None:
        with self.world.scope() as scope:
            scope.invitations.accept(person.account.id, **how)

    def open_addresses(self) -> list[str]:
        with self.world.read() as scope:
            return [view.email for view in scope.invitations.page(self.workspace.id, PageRequest()).items]


def mails(world: World, template: str = "workspaces.invited") -> list[dict[str, str]]:
    """Return the values of the mails of a template, in the order of writing."""
    with world.read() as scope:
        page = scope.email.page(PageRequest(), template=template)
        return [{**letter.values, "to": letter.address} for letter in reversed(page.items)]


def token_of(mail: dict[str, str]) -> str:
    found = re.search(r"/join#t=(\S+)$", mail["link"])
    assert found, mail
    return found[1]


def prove(world: World, person: Person) -> None:
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE users SET email_verified_at = 1 WHERE id = {person.account.id}")


def unprove(world: World, person: Person) -> None:
    with world.runtime.database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE users SET email_verified_at = NULL WHERE id = {person.account.id}")


@pytest.fixture
def team(world: World) -> Team:
    return Team(world)


def test_the_mail_holds_a_link_and_the_database_does_not(team: Team) -> None:
    team.invite("New@Example.com", MANAGER)
    [mail] = mails(team.world)
    assert (mail["to"], mail["workspace"], mail["inviter"], mail["role"], mail["days"]) == (
        "new@example.com",
        "Team",
        "Olga",
        "manager",
        "7",
    )
    [row] = team.world.rows("invitations")
    stored = json.dumps({key: str(value) for key, value in row.items()})
    assert token_of(mail) not in stored
    assert "new@example.com" not in stored
    assert team.world.count("audit_log", "action='workspaces.invite'") == 1


def test_whoever_has_no_account_yet_finds_the_invitation_once_they_have(team: Team) -> None:
    team.invite("ann@example.com")
    ann = team.world.person("Ann")
    unprove(team.world, ann)
    with team.world.read() as scope:
        assert scope.invitations.waiting_for(ann.account.id) == []
    prove(team.world, ann)
    with team.world.read() as scope:
        [waiting] = scope.invitations.waiting_for(ann.account.id)
    assert (waiting.workspace.name, waiting.role) == ("Team", MEMBER)
    team.accept(ann, public_id=waiting.public_id)
    with team.world.read() as scope:
        assert scope.workspaces.membership(ann.account.id, team.workspace.public_id).role is MEMBER
        assert scope.invitations.waiting_for(ann.account.id) == []
    assert team.open_addresses() == []


def test_an_address_that_is_only_claimed_lets_nobody_in_but_the_link_does(team: Team) -> None:
    view = team.invite("ann@example.com")
    ann = team.world.person("Ann")
    unprove(team.world, ann)
    with pytest.raises(AddressNotProven):
        team.accept(ann, public_id=view.public_id)
    team.accept(ann, token=token_of(mails(team.world)[0]))
    with team.world.read() as scope:
        assert scope.workspaces.membership(ann.account.id, team.workspace.public_id).role is MEMBER


def test_a_link_is_for_its_address_and_for_once(team: Team) -> None:
    view = team.invite("ann@example.com")
    token, eve, ann = token_of(mails(team.world)[0]), team.world.person("Eve"), team.world.person("Ann")
    prove(team.world, eve)
    with pytest.raises(OtherAddress):
        team.accept(eve, token=token)
    with pytest.raises(InvitationNotFound):
        team.accept(eve, public_id=view.public_id)
    with pytest.raises(InvitationNotFound):
        team.accept(ann, token=token[:-1] + ("y" if token.endswith("x") else "x"))
    team.accept(ann, token=token)
    for again in ({"token": token}, {"public_id": view.public_id}):
        with pytest.raises(DomainError):
            team.accept(ann, **again)


def test_a_link_runs_out_and_is_sent_again_with_another(team: Team) -> None:
    view, ann = team.invite("ann@example.com"), team.world.person("Ann")
    first = token_of(mails(team.world)[0])
    team.world.clock.move(days=7)
    with pytest.raises(InvitationExpired):
        team.accept(ann, token=first)
    with team.world.read() as scope:
        assert scope.invitations.page(team.workspace.id, PageRequest()).items[0].standing == "expired"
        assert scope.invitations.waiting_for(ann.account.id) == []
    team.resend(view)
    second = token_of(mails(team.world)[1])
    with pytest.raises(InvitationNotFound):
        team.accept(ann, token=first)
    team.accept(ann, token=second)


def test_sending_again_takes_a_pause_that_grows(team: Team) -> None:
    view = team.invite("ann@example.com")
    with pytest.raises(InvitedTooOften):
        team.resend(view)
    for _ in range(feature.MAX_MAILS - 1):
        team.world.clock.move(minutes=feature.RESEND_AFTER_MS // MINUTE)
        team.resend(view)
    team.world.clock.move(minutes=feature.RESEND_AFTER_MS // MINUTE)
    with pytest.raises(InvitedTooOften):
        team.resend(view)
    assert len(mails(team.world)) == feature.MAX_MAILS


def test_withdrawn_and_declined_ones_are_over(team: Team) -> None:
    view, ann = team.invite("ann@example.com"), team.world.person("Ann")
    token = token_of(mails(team.world)[0])
    team.withdraw(view)
    with pytest.raises(InvitationNotFound):
        team.accept(ann, token=token)
    team.invite("ann@example.com")
    with team.world.scope() as scope:
        scope.invitations.decline(ann.account.id, token=token_of(mails(team.world)[1]))
    assert team.open_addresses() == []
    team.invite("ann@example.com")
    assert team.open_addresses() == ["ann@example.com"]


def test_who_may_ask_whom_in(team: Team) -> None:
    mem = team.world.person("Mem")
    team.world.join(team.workspace, mem, MEMBER)
    team.invite("a@example.com", MANAGER, by=team.manager)
    with pytest.raises(RoleTooLow):
        team.invite("b@example.com", MEMBER, by=mem)
    with pytest.raises(RoleTooLow):
        team.invite("b@example.com", OWNER)
    with pytest.raises(AlreadyMember):
        team.invite("mem@example.com")
    with pytest.raises(InvitationPending):
        team.invite("A@example.com")
    with pytest.raises(InvalidInput):
        team.invite("a@example.com, b@example.com")


def test_nobody_is_asked_into_what_is_personal_or_closed(team: Team) -> None:
    acting = Acting(team.owner.workspace.id, team.owner.account.id)
    with team.world.scope() as scope, pytest.raises(PersonalWorkspaceIsAlone):
        scope.invitations.invite(acting, "a@example.com", MEMBER)
    team.invite("ann@example.com")
    ann, token = team.world.person("Ann"), token_of(mails(team.world)[0])
    with team.world.scope() as scope:
        scope.members.close(Acting(team.workspace.id, team.owner.account.id))
    with pytest.raises(InvitationNotFound):
        team.accept(ann, token=token)
    with pytest.raises(WorkspaceClosed):
        team.invite("b@example.com")


def test_open_invitations_and_those_of_a_day_are_limited(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature, "MAX_PENDING", 2)
    monkeypatch.setattr(feature, "MAX_A_DAY", 3)
    first = team.invite("a@example.com")
    team.invite("b@example.com")
    with pytest.raises(TooManyInvitations):
        team.invite("c@example.com")
    team.withdraw(first)
    second = team.invite("c@example.com")
    team.withdraw(second)
    with pytest.raises(InvitedTooOften):
        team.invite("d@example.com")
    team.world.clock.move(days=1)
    team.invite("d@example.com")


def test_two_who_answer_at_the_same_instant_join_once(team: Team) -> None:
    team.invite("ann@example.com")
    ann, token = team.world.person("Ann"), token_of(mails(team.world)[0])
    start, went = threading.Barrier(2), []

    def go() -> None:
        start.wait()
        try:
            team.world.runtime.run(lambda scope: scope.invitations.accept(ann.account.id, token=token))
            went.append("in")
        except DomainError as error:
            went.append(error.code)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(went) == ["in", "workspaces.invitation_not_found"]
    assert team.world.count("members", f"workspace_id={team.workspace.id}") == 3


def test_old_ones_are_forgotten(team: Team) -> None:
    team.invite("a@example.com")
    team.world.clock.now += feature.VALID_MS + feature.KEPT_MS
    with team.world.scope() as scope:
        assert scope.invitations.forget_old() is False
    assert team.world.count("invitations") == 1
    team.world.clock.now += DAY
    with team.world.scope() as scope:
        scope.invitations.forget_old()
    assert team.world.count("invitations") == 0


def test_people_are_told_when_they_are_removed_or_made_owner(team: Team) -> None:
    ann = team.world.person("Ann")
    team.world.join(team.workspace, ann, MEMBER)
    acting = Acting(team.workspace.id, team.owner.account.id)
    with team.world.scope() as scope:
        scope.members.remove(acting, ann.account.public_id)
    with team.world.scope() as scope:
        scope.members.hand_over(acting, team.manager.account.public_id)
    assert [mail["to"] for mail in mails(team.world, "workspaces.removed")] == ["ann@example.com"]
    [ownership] = mails(team.world, "workspaces.ownership")
    assert (ownership["to"], ownership["previous"]) == ("mani@example.com", "Olga")
