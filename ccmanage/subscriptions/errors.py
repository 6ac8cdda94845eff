"""What can go wrong with subscriptions."""

from ccmanage.core.errors import DomainError, Kind, Unavailable


class SubscriptionNotFound(DomainError):
    """No such subscription, or the workspace has none."""

    kind, code = Kind.NOT_FOUND, "subscription.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such subscription.")


class AlreadySubscribed(DomainError):
    """A workspace has one subscription at most."""

    kind, code = Kind.CONFLICT, "subscription.exists"

    def __init__(self) -> None:
        super().__init__("This workspace has a subscription. Change or cancel it.")


class WrongState(DomainError):
    """What is asked for does not fit where the subscription stands."""

    kind, code = Kind.CONFLICT, "subscription.wrong_state"

    def __init__(self, state: str) -> None:
        super().__init__(f"This cannot be done while the subscription is {state}.", state=state)


class NoPeriodEnd(DomainError):
    """Nothing can wait for the end of a period that has none."""

    kind, code = Kind.CONFLICT, "subscription.no_period_end"

    def __init__(self) -> None:
        super().__init__("This period has no end to wait for. Do it now.")


class SamePackage(DomainError):
    """The workspace is on this version already."""

    kind, code = Kind.CONFLICT, "subscription.same_package"

    def __init__(self) -> None:
        super().__init__("The workspace has this package already.")


class WaitsForPeriodEnd(DomainError):
    """An owner who could end a period at will could begin another at will, with a new allowance."""

    kind, code = Kind.CONFLICT, "subscription.waits_for_period_end"

    def __init__(self) -> None:
        super().__init__("This can only take effect at the end of the period.")


class PreviewNotFound(DomainError):
    """No such preview in this workspace."""

    kind, code = Kind.NOT_FOUND, "preview.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such preview.")


class PreviewStale(DomainError):
    """Versions or period are not those that were shown."""

    kind, code = Kind.CONFLICT, "preview.stale"

    def __init__(self) -> None:
        super().__init__("The subscription or the package has changed since. Look at a new preview.")


class PreviewUsed(DomainError):
    """The change was carried out already."""

    kind, code = Kind.CONFLICT, "preview.used"

    def __init__(self) -> None:
        super().__init__("This change was carried out already.")


class MoveUnderWay(DomainError):
    """Subscribers of this package are being moved already."""

    kind, code = Kind.CONFLICT, "move.under_way"

    def __init__(self) -> None:
        super().__init__("Subscribers of this package are being moved already. Wait until that is done, or stop it.")


class MoveNotFound(DomainError):
    """This package has no such move."""

    kind, code = Kind.NOT_FOUND, "move.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such move of subscribers.")


class NobodyToMove(DomainError):
    """The versions have no subscribers."""

    kind, code = Kind.CONFLICT, "move.nobody"

    def __init__(self) -> None:
        super().__init__("There is nobody to be moved.")


class StillCatchingUp(Unavailable):
    """So many periods were missed that one transaction does not hold them; the sweep is at it."""

    code = "subscription.catching_up"

    def __init__(self) -> None:
        super().__init__("Missed periods of this subscription are being accounted for. Try again in a moment.")
