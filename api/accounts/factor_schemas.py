"""Bodies around second factors, proofs and sessions."""

from typing import Annotated, Literal

from pydantic import Field

from api.accounts.schemas import Password
from api.schemas import In, Moment, Out, Reason, ShownOnce
from ccmanage.accounts.factors import Enrolment, FactorState
from ccmanage.accounts.models import SessionMethod
from ccmanage.accounts.sessions import SessionView
from ccmanage.core.ids import SESSION, encode_id

Code = Annotated[str, Field(min_length=1, max_length=32, examples=["123456"])]
MethodName = Literal["password", "factor", "provider", "provider_factor"]
METHODS: dict[SessionMethod, MethodName] = {
    SessionMethod.PASSWORD: "password",
    SessionMethod.FACTOR: "factor",
    SessionMethod.PROVIDER: "provider",
    SessionMethod.PROVIDER_FACTOR: "provider_factor",
}


class CodeIn(In):
    """A code of the authenticator."""

    code: Code


class SecondStepIn(In):
    """The second step of a sign-in: the challenge of the first, and a code of the authenticator or for recovery."""

    challenge: Annotated[str, Field(min_length=1, max_length=2_048)]
    code: Code


class StepUpIn(In):
    """Proof of who is acting: the password, or a code of the second factor. The password is looked at first."""

    password: Password | None = None
    code: Code | None = None


class StepUpOut(Out):
    """For how many seconds deeds of weight are open on this session."""

    expires_in: int


class FactorOut(Out):
    """What one's second factor is like. With `required` it can be replaced, not turned off."""

    enabled: bool
    required: bool
    confirmed_at: Moment | None
    recovery_codes_left: int

    @classmethod
    def of(cls, state: FactorState) -> "FactorOut":
        """Make the answer."""
        return cls(
            enabled=state.enabled,
            required=state.required,
            confirmed_at=state.confirmed_at,
            recovery_codes_left=state.codes_left,
        )


class EnrolmentOut(ShownOnce):
    """A new secret for an authenticator: as text, as address, and as a picture (`data:image/svg+xml`) to scan."""

    secret: str
    uri: str
    picture: str

    @classmethod
    def of(cls, enrolment: Enrolment) -> "EnrolmentOut":
        """Make the answer."""
        return cls(secret=enrolment.secret, uri=enrolment.uri, picture=enrolment.picture)


class RecoveryCodesOut(ShownOnce):
    """Codes for the day the authenticator is lost. Each works once; they are shown here and never again."""

    recovery_codes: list[str]


class FactorRequireIn(In):
    """Whether a second factor is demanded of a person, and why."""

    required: bool
    reason: Reason


class SessionOut(Out):
    """A sign-in that is open. `network` is where it came from, coarsely; "" stands for what cannot be told."""

    id: str
    browser: str
    system: str
    network: str
    method: MethodName
    current: bool
    created_at: Moment
    last_seen_at: Moment
    expires_at: Moment

    @classmethod
    def of(cls, session: SessionView, current: bytes) -> "SessionOut":
        """Make the answer."""
        return cls(
            id=encode_id(SESSION, session.public_id),
            browser=session.browser,
            system=session.system,
            network=session.network,
            method=METHODS[session.method],
            current=session.public_id == current,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
        )


class SessionsEndedOut(Out):
    """How many sessions were ended."""

    ended: int
