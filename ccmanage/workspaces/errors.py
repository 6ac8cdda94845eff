"""What can go wrong with workspaces."""

from ccmanage.core.errors import DomainError, Forbidden, Kind, NotFound


class WorkspaceNotFound(NotFound):
    """There is no such workspace, or it is somebody else's."""

    code = "workspaces.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such workspace.")


class WorkspaceSuspended(Forbidden):
    """Nothing can be changed in a suspended workspace, except by an administrator."""

    code = "workspaces.suspended"

    def __init__(self) -> None:
        super().__init__("This workspace is suspended. Ask an administrator.")


class RoleTooLow(Forbidden):
    """The member's role does not allow this."""

    code = "workspaces.role_too_low"

    def __init__(self, needed: str) -> None:
        super().__init__(f"This needs the role {needed} in the workspace.")


class AlreadyMember(DomainError):
    """The person is a member already."""

    kind, code = Kind.CONFLICT, "workspaces.already_member"

    def __init__(self) -> None:
        super().__init__("This person is a member already.")


class PersonalWorkspaceIsAlone(DomainError):
    """A personal workspace has exactly one member."""

    kind, code = Kind.CONFLICT, "workspaces.personal"

    def __init__(self) -> None:
        super().__init__("A personal workspace cannot have other members.")


class WorkspaceClosed(DomainError):
    """A closed workspace can be read and left, nothing else."""

    kind, code = Kind.CONFLICT, "workspaces.closed"

    def __init__(self) -> None:
        super().__init__("This workspace is closed. It can only be read.")


class WorkspaceChanged(DomainError):
    """Somebody else changed the workspace after it was read."""

    kind, code = Kind.CONFLICT, "workspaces.changed"

    def __init__(self, revision: int) -> None:
        super().__init__("Somebody else changed this workspace. Look at it again.", revision=revision)


class TooManyWorkspaces(DomainError):
    """A person opens only so many."""

    kind, code = Kind.CONFLICT, "workspaces.too_many"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You own {limit} shared workspaces. Close one first.")


class MemberNotFound(NotFound):
    """The workspace has no such member."""

    code = "workspaces.member_not_found"

    def __init__(self) -> None:
        super().__init__("This workspace has no such member.")


class LastOwner(DomainError):
    """A workspace needs somebody who answers for it."""

    kind, code = Kind.CONFLICT, "workspaces.last_owner"

    def __init__(self) -> None:
        super().__init__("This is the only owner. Hand the workspace over or close it first.")


class CannotTakeKeys(DomainError):
    """Keys go to a member who may have keys there."""

    kind, code = Kind.CONFLICT, "workspaces.cannot_take_keys"

    def __init__(self) -> None:
        super().__init__("Choose another member, who may have keys in this workspace.")


class TooManyMembers(DomainError):
    """Members and open invitations together are limited."""

    kind, code = Kind.CONFLICT, "workspaces.too_many_members"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A workspace has at most {limit} members and open invitations.")


class InvitationNotFound(NotFound):
    """No such invitation, or none for this person."""

    code = "workspaces.invitation_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such invitation, or it was answered or withdrawn. Ask for a new one.")


class InvitationExpired(DomainError):
    """The link was good once."""

    kind, code = Kind.CONFLICT, "workspaces.invitation_expired"

    def __init__(self) -> None:
        super().__init__("This invitation has expired. Ask for a new one.")


class InvitationPending(DomainError):
    """One invitation an address at a time."""

    kind, code = Kind.CONFLICT, "workspaces.invitation_pending"

    def __init__(self) -> None:
        super().__init__("This address is invited already. Send the invitation again instead.")


class InvitedTooOften(DomainError):
    """Nobody's mailbox is filled from here."""

    kind, code = Kind.LIMITED, "workspaces.invited_too_often"

    def __init__(self, wait_seconds: int) -> None:
        super().__init__("This was sent a moment ago. Wait before sending it again.", retry_after_seconds=wait_seconds)


class TooManyInvitations(DomainError):
    """Open invitations of a workspace are limited."""

    kind, code = Kind.CONFLICT, "workspaces.too_many_invitations"

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} invitations are open. Withdraw some, or wait until they are answered.")


class AddressNotProven(Forbidden):
    """Whoever only claims an address must not get in by it."""

    code = "workspaces.address_not_proven"

    def __init__(self) -> None:
        super().__init__("Confirm your email address first, or open the link of the invitation's mail.")


class OtherAddress(Forbidden):
    """The link came to another address than that of the person who follows it."""

    code = "workspaces.other_address"

    def __init__(self) -> None:
        super().__init__("This invitation is for another email address. Sign in with the one it was sent to.")
