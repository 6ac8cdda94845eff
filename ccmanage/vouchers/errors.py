"""What can go wrong with vouchers."""

from ccmanage.core.errors import DomainError, Kind


class CodeMistyped(DomainError):
    """The check of the code does not hold: nobody was ever given this one."""

    kind, code = Kind.INVALID, "voucher.mistyped"

    def __init__(self) -> None:
        super().__init__("There is a typo in this code. Compare it letter by letter.")


class VoucherNotFound(DomainError):
    """No such code, or no such batch."""

    kind, code = Kind.NOT_FOUND, "voucher.not_found"

    def __init__(self) -> None:
        super().__init__("There is no such voucher.")


class VoucherExpired(DomainError):
    """The last day of the code is over."""

    kind, code = Kind.CONFLICT, "voucher.expired"

    def __init__(self) -> None:
        super().__init__("This voucher has expired.")


class VoucherWithdrawn(DomainError):
    """An administrator has taken the batch back."""

    kind, code = Kind.CONFLICT, "voucher.withdrawn"

    def __init__(self) -> None:
        super().__init__("This voucher was withdrawn.")


class VoucherUsedUp(DomainError):
    """Others were faster."""

    kind, code = Kind.CONFLICT, "voucher.used_up"

    def __init__(self) -> None:
        super().__init__("This voucher was redeemed as often as it can be.")


class RedeemedAlready(DomainError):
    """This workspace has had it."""

    kind, code = Kind.CONFLICT, "voucher.redeemed_already"

    def __init__(self) -> None:
        super().__init__("This workspace has redeemed a voucher of this kind already.")


class TooManyTries(DomainError):
    """Somebody guesses codes, or is out of luck."""

    kind, code = Kind.LIMITED, "voucher.too_many_tries"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(
            f"Too many codes that do not exist. Try again in {retry_after_seconds} seconds.",
            retry_after_seconds=retry_after_seconds,
        )
