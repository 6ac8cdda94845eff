"""What can go wrong with prices."""

from ccmanage.core.errors import DomainError, Kind


class CostOutOfRange(DomainError):
    """One event would cost more than an event may, or its counts are out of bounds; it is set aside."""

    kind, code = Kind.INVALID, "event.cost_out_of_range"

    def __init__(self, cost_nano: int) -> None:
        super().__init__("The cost of one event must lie between 0 and 1,000,000 credits.", cost_nano=cost_nano)


class CountOutOfRange(DomainError):
    """A count of tokens or requests is negative or above a billion."""

    kind, code = Kind.INVALID, "event.count_out_of_range"

    def __init__(self) -> None:
        super().__init__("Each count must lie between 0 and 1,000,000,000.")


class PriceNotFound(DomainError):
    """There is no price of this id."""

    kind, code = Kind.NOT_FOUND, "price.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such price.")


class ModelUnpriced(DomainError):
    """No price covers this model at this time."""

    kind, code = Kind.NOT_FOUND, "price.model_unpriced"

    def __init__(self, model: str) -> None:
        super().__init__("No price covers this model at this time.", model=model)


class LibraryUnreadable(DomainError):
    """The file holds no price data of the library's form."""

    kind, code = Kind.INVALID, "price.library_unreadable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This is not the price library's data: {reason}", reason=reason)


class OnlyManualPricesCanBeWithdrawn(DomainError):
    """A price of the library is corrected by a newer library or overruled by a manual price."""

    kind, code = Kind.CONFLICT, "price.not_manual"

    def __init__(self) -> None:
        super().__init__("Only a manual price can be withdrawn. Overrule a library price with a manual one.")
