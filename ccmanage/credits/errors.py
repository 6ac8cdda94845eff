"""What can go wrong with credits."""

from ccmanage.core.errors import DomainError, Kind


class BalanceOutOfRange(DomainError):
    """The balance would leave the range in which it is exact."""

    kind, code = Kind.INVALID, "credits.balance_out_of_range"

    def __init__(self, workspace_id: int) -> None:
        super().__init__("The balance would leave the range of ±4 billion credits.", workspace_id=workspace_id)


class NoSuchAccount(DomainError):
    """The workspace has no books; each is opened with its workspace."""

    kind, code = Kind.NOT_FOUND, "credits.no_account"

    def __init__(self, workspace_id: int) -> None:
        super().__init__("This workspace has no books.", workspace_id=workspace_id)


class GrantNotFound(DomainError):
    """No such grant in this workspace."""

    kind, code = Kind.NOT_FOUND, "grant.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such grant in this workspace.")


class GrantIsOver(DomainError):
    """A grant that is exhausted, expired or voided has nothing left to void."""

    kind, code = Kind.CONFLICT, "grant.over"

    def __init__(self) -> None:
        super().__init__("This grant is over already; nothing of it is left.")


class EntryNotFound(DomainError):
    """No entry of this number in the workspace's ledger."""

    kind, code = Kind.NOT_FOUND, "ledger.entry_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such entry in the ledger of this workspace.")


class NotReversible(DomainError):
    """One half of a pair, or a reversal."""

    kind, code = Kind.CONFLICT, "ledger.not_reversible"

    def __init__(self) -> None:
        super().__init__("An entry of this kind cannot be reversed. Grant credits, or void a grant, instead.")


class ReversedAlready(DomainError):
    """An entry is reversed once."""

    kind, code = Kind.CONFLICT, "ledger.reversed_already"

    def __init__(self) -> None:
        super().__init__("This entry was reversed already.")


class NotCovered(DomainError):
    """There are not enough credits to set so many aside."""

    kind, code = Kind.EXHAUSTED, "hold.insufficient_credits"

    def __init__(self) -> None:
        super().__init__("There are not enough credits available for this hold.")


class HoldNotFound(DomainError):
    """No such hold of this gateway."""

    kind, code = Kind.NOT_FOUND, "hold.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such hold.")


class HoldIsOver(DomainError):
    """A captured hold cannot be released: its event was charged."""

    kind, code = Kind.CONFLICT, "hold.captured"

    def __init__(self) -> None:
        super().__init__("An event has captured this hold already; nothing is left to release.")


class HoldKeyReused(DomainError):
    """The idempotency key was used for another hold."""

    kind, code = Kind.INVALID, "idempotency.key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another hold. Use a new one for each.")
