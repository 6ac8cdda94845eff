"""Changing one's mail address: the new one is proven by a link, both are told, the old one can undo it for a week."""

from dataclasses import dataclass

from ccmanage.accounts.letters import Letters
from ccmanage.accounts.proof_models import Purpose
from ccmanage.accounts.proofs import ProofService
from ccmanage.accounts.service import AccountService


@dataclass(frozen=True, slots=True)
class AddressState:
    """The address that holds, and the one that waits to be confirmed."""

    email: str
    pending: str | None
    pending_until: int | None


class AddressService:
    """The last two steps; the first, asking, is `RegistrationService.ask`."""

    def __init__(self, accounts: AccountService, proofs: ProofService, letters: Letters) -> None:
        self._accounts = accounts
        self._proofs = proofs
        self._letters = letters

    def state(self, user_id: int) -> AddressState:
        """Return a person's address and what is pending."""
        account = self._accounts.by_number(user_id)
        pending = self._proofs.pending(user_id, Purpose.CHANGE_ADDRESS)
        return AddressState(account.email, *(pending or (None, None)))

    def cancel(self, user_id: int) -> None:
        """Think better of it: the link that was sent dies."""
        self._proofs.revoke(user_id, Purpose.CHANGE_ADDRESS)

    def confirm(self, token: str) -> None:
        """Take the new address; raises LinkDead, and EmailTaken if somebody else has it by now."""
        proven = self._proofs.redeem(token, Purpose.CHANGE_ADDRESS)
        before = self._accounts.opened(proven.user)
        after = self._accounts.change_email(proven.user, proven.payload, "accounts.change_address")
        self._proofs.revoke(after.id, Purpose.RESET, Purpose.VERIFY)
        undo = self._proofs.issue(proven.user, Purpose.UNDO_ADDRESS, before.email)
        self._letters.address_changed(before, after, undo)

    def undo(self, token: str) -> None:
        """Give the old address back, end all sessions and send a link for a new password there.

        Whoever undoes a change that they did not make has had a thief in the account. Raises LinkDead, EmailTaken.
        """
        proven = self._proofs.redeem(token, Purpose.UNDO_ADDRESS)
        account = self._accounts.change_email(proven.user, proven.payload, "accounts.undo_address")
        self._accounts.sign_out_everywhere(account.id)
        self._proofs.revoke(account.id, *Purpose)
        self._letters.reset(account, self._proofs.issue(proven.user, Purpose.RESET))
