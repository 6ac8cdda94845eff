"""Who may give which role to whom. Pure."""

from ccmanage.workspaces.models import MemberRole


def may_give(actor: MemberRole, role: MemberRole) -> bool:
    """Tell whether somebody may let others have a role: managers up to their own, owners every one."""
    return actor >= MemberRole.MANAGER and role <= actor


def may_change(actor: MemberRole, now: MemberRole, then: MemberRole) -> bool:
    """Tell whether somebody may move a member from one role to another: both must be theirs to give."""
    return may_give(actor, now) and may_give(actor, then)


def may_hold_keys(role: MemberRole) -> bool:
    """Tell whether a member may have keys in the workspace: a viewer only reads."""
    return role >= MemberRole.MEMBER
