"""What can go wrong with people and their sign-ins."""

from ccmanage.core.errors import DomainError, Forbidden, InvalidInput, Kind, NotFound, Unauthenticated, Unavailable


class UserNotFound(NotFound):
    """There is no such person."""

    code = "accounts.user_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such user.")


class EmailTaken(DomainError):
    """Somebody signs in with this address already."""

    kind, code = Kind.CONFLICT, "accounts.email_taken"

    def __init__(self) -> None:
        super().__init__("A user with this email address exists already.")


class SignInRefused(Unauthenticated):
    """Address and password do not belong together. The same answer whether the address is known or not."""

    code = "accounts.sign_in_refused"

    def __init__(self) -> None:
        super().__init__("Email address or password is wrong.")


class AccountSuspended(Forbidden):
    """The person is known and may not sign in."""

    code = "accounts.suspended"

    def __init__(self) -> None:
        super().__init__("This account is suspended. Ask an administrator.")


class SignInThrottled(DomainError):
    """Too many failures; the wait grows with each."""

    kind, code = Kind.LIMITED, "accounts.sign_in_throttled"

    def __init__(self, wait_seconds: int) -> None:
        super().__init__(f"Too many attempts. Try again in {wait_seconds} seconds.", retry_after_seconds=wait_seconds)


class CountsAway(Unavailable):
    """Redis does not answer: failures of other processes are not known."""

    code = "accounts.counts_away"

    def __init__(self) -> None:
        super().__init__("Administrators cannot sign in while Redis is away. Try again in a few seconds.")


class WrongPassword(InvalidInput):
    """The current password is not this one."""

    code = "accounts.wrong_password"


class LastAdmin(DomainError):
    """Without an administrator nobody could undo it."""

    kind, code = Kind.CONFLICT, "accounts.last_admin"

    def __init__(self) -> None:
        super().__init__("This is the last active administrator. Make another one first.")
