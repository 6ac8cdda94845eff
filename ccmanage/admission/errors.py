"""What can go wrong with asking whether a key may spend."""

from ccmanage.admission.rules import Code
from ccmanage.core.errors import DomainError, Kind

_SENTENCES = {
    Code.NOT_FOUND: "No API key of this installation was given.",
    Code.REVOKED: "The API key is revoked.",
    Code.EXPIRED: "The API key has expired.",
    Code.DISABLED: "The API key is disabled.",
    Code.WORKSPACE_SUSPENDED: "The workspace is suspended.",
    Code.IP_NOT_ALLOWED: "The API key may not be used from this address.",
    Code.MODEL_NOT_ALLOWED: "The API key may not use this model.",
    Code.RATE_LIMITED: "A limit of the API key is reached.",
    Code.BUDGET_EXCEEDED: "The API key's budget does not allow so many credits.",
    Code.INSUFFICIENT_CREDITS: "There are not enough credits available for this hold.",
}


class HoldRefused(DomainError):
    """The key may not spend so much; the code names the reason as verify does."""

    kind, code = Kind.EXHAUSTED, "hold.refused"

    def __init__(self, reason: Code) -> None:
        super().__init__(_SENTENCES[reason])
        self.code = f"hold.{reason.lower()}"  # type: ignore[misc]
