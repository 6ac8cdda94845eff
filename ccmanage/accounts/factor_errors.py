"""What can go wrong with second factors and with proving oneself anew."""

from ccmanage.core.errors import DomainError, Forbidden, InvalidInput, Kind, Unauthenticated


class ChallengeOver(Unauthenticated):
    """The first step of the sign-in is too long ago, used up, or was made elsewhere."""

    code = "accounts.challenge_over"

    def __init__(self) -> None:
        super().__init__("This sign-in took too long or was used already. Sign in again.")


class CodeRefused(Unauthenticated):
    """The code of the second step is wrong. The same answer for a wrong one and for one that was used."""

    code = "accounts.code_refused"

    def __init__(self) -> None:
        super().__init__("This code is not right, or was used already. Wait for the next one.")


class WrongCode(InvalidInput):
    """The code of somebody who is signed in is wrong."""

    code = "accounts.wrong_code"


class CodesThrottled(DomainError):
    """Too many wrong codes; the wait grows with each."""

    kind, code = Kind.LIMITED, "accounts.codes_throttled"

    def __init__(self, wait_seconds: int) -> None:
        super().__init__(
            f"Too many wrong codes. Try again in {wait_seconds} seconds.", retry_after_seconds=wait_seconds
        )


class FactorMissing(DomainError):
    """There is no second factor that this could be about."""

    kind, code = Kind.CONFLICT, "accounts.factor_missing"

    def __init__(self) -> None:
        super().__init__("There is no second factor. Set one up first.")


class FactorNeeded(DomainError):
    """The second factor may not be turned off."""

    kind, code = Kind.CONFLICT, "accounts.factor_needed"

    def __init__(self) -> None:
        super().__init__("Your account needs a second factor. You can replace it, not turn it off.")


class EnrolFirst(Forbidden):
    """A second factor is asked of this person, and there is none yet: nothing else is open before."""

    code = "auth.factor_required"

    def __init__(self) -> None:
        super().__init__("Your account needs a second factor. Set it up before anything else.")


class StepUpRequired(Forbidden):
    """A deed of weight wants a recent proof of who is acting."""

    code = "auth.step_up_required"

    def __init__(self) -> None:
        super().__init__("Confirm that it is you: send your password or a code to /v1/auth/step-up, then try again.")


class StepUpUnproven(InvalidInput):
    """Neither a password nor a code was sent, or this account has no such thing."""

    code = "auth.proof_missing"

    def __init__(self) -> None:
        super().__init__("Send your password, or a code of your second factor. Without either, sign in again.")
