"""What can go wrong with exports, erasures and consents."""

from collections.abc import Iterable

from ccmanage.core.errors import DomainError, Kind, NotFound


class ExportUnderWay(DomainError):
    """One copy at a time."""

    kind, code = Kind.CONFLICT, "privacy.export_under_way"

    def __init__(self) -> None:
        super().__init__("A copy of your data is being made already. Wait until it is ready.")


class ExportNotReady(NotFound):
    """There is no such file, not yet or not any more."""

    code = "privacy.export_not_ready"

    def __init__(self) -> None:
        super().__init__("There is no file to download. Ask for a new copy.")


class ErasureUnderWay(DomainError):
    """The account is going to be deleted already."""

    kind, code = Kind.CONFLICT, "privacy.erasure_under_way"

    def __init__(self) -> None:
        super().__init__("Your account is going to be deleted already.")


class NoErasure(NotFound):
    """Nothing can be taken back."""

    code = "privacy.no_erasure"

    def __init__(self) -> None:
        super().__init__("No deletion of your account is waiting.")


class SoleOwner(DomainError):
    """Somebody must look after the shared workspaces."""

    kind, code = Kind.CONFLICT, "privacy.sole_owner"

    def __init__(self, names: list[str]) -> None:
        listed = ", ".join(names)
        super().__init__(f"You are the only owner of {listed}. Hand it over or close it first.", workspaces=names)


class SoleAdministrator(DomainError):
    """Without an administrator nobody could undo anything."""

    kind, code = Kind.CONFLICT, "privacy.sole_administrator"

    def __init__(self) -> None:
        super().__init__("You are the last active administrator. Make another one first.")


class UnknownPurpose(NotFound):
    """Nobody is asked for this."""

    code = "privacy.unknown_purpose"

    def __init__(self, known: Iterable[str]) -> None:
        super().__init__(f"Nobody is asked for this. Use one of: {', '.join(known)}.")


class ConsentNeeded(DomainError):
    """There is no account without it."""

    kind, code = Kind.CONFLICT, "privacy.consent_needed"

    def __init__(self) -> None:
        super().__init__("There is no account without this consent. Delete your account instead.")
