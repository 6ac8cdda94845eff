"""Who may give which role to whom, as tables."""

import pytest

from ccmanage.workspaces import rules
from ccmanage.workspaces.models import MemberRole

VIEWER, MEMBER, MANAGER, OWNER = MemberRole.VIEWER, MemberRole.MEMBER, MemberRole.MANAGER, MemberRole.OWNER

MAY_GIVE = {
    VIEWER: set(),
    MEMBER: set(),
    MANAGER: {VIEWER, MEMBER, MANAGER},
    OWNER: {VIEWER, MEMBER, MANAGER, OWNER},
}


@pytest.mark.parametrize("actor", MemberRole)
@pytest.mark.parametrize("role", MemberRole)
def test_managers_give_roles_up_to_their_own(actor: MemberRole, role: MemberRole) -> None:
    assert rules.may_give(actor, role) is (role in MAY_GIVE[actor])


@pytest.mark.parametrize("actor", MemberRole)
@pytest.mark.parametrize("now", MemberRole)
@pytest.mark.parametrize("then", MemberRole)
def test_both_roles_must_be_ones_to_give(actor: MemberRole, now: MemberRole, then: MemberRole) -> None:
    assert rules.may_change(actor, now, then) is ({now, then} <= MAY_GIVE[actor])


def test_viewers_have_no_keys() -> None:
    assert [role for role in MemberRole if rules.may_hold_keys(role)] == [MEMBER, MANAGER, OWNER]
