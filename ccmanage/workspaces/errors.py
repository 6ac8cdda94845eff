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
