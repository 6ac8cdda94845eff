"""What people ask for before they are signed in: an account, or a new password.

The endpoint writes one row and answers; a worker does what is to be done. So the answer, and the time it takes, are
the same whether somebody has the address or not.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Protocol

from ccmanage.accounts import rules
from ccmanage.accounts.errors import DomainNotAllowed, EmailTaken, NotInvited, RegistrationClosed
from ccmanage.accounts.letters import Letters
from ccmanage.accounts.models import User, UserState
from ccmanage.accounts.proof_models import AccountRequest, Purpose, RequestKind
from ccmanage.accounts.proof_repository import RequestRepository
from ccmanage.accounts.proofs import ProofService
from ccmanage.accounts.repository import AccountRepository
from ccmanage.accounts.service import AccountService
from ccmanage.accounts.settings import REGISTRATION_DOMAINS, REGISTRATION_MODE, TERMS_URL
from ccmanage.accounts.tasks import AnswerRequests
from ccmanage.accounts.values import Account, NewAccount, ProfileChange
from ccmanage.core.clock import HOUR, SECOND, Clock
from ccmanage.core.crypto import KeyRing
from ccmanage.core.errors import invalid
from ccmanage.core.ids import new_id
from ccmanage.core.tasks import Task
from ccmanage.core.text import clean_name
from ccmanage.settings.service import SettingService

_GIVEN_UP_MS: Final = HOUR
# The links by which a password is set: of who forgot theirs, and of who has none yet.
SETS_PASSWORD: Final = (Purpose.RESET, Purpose.INVITED)
_LONGEST_PAUSE_MS: Final = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for. Only a registration has all of it."""

    email: str
    name: str = ""
    password_hash: str = ""
    locale: str = "en"
    time_zone: str = "UTC"
    terms_accepted: bool = False
    address: str = ""


class Above(Protocol):
    """What stands above people and is told in the same transaction."""

    def agree_to_terms(self, user_id: int, *, language: str, address: str) -> None:
        """Record that somebody accepts the terms of use, in which language, from where."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The services that registration puts together."""

    accounts: AccountService
    proofs: ProofService
    letters: Letters
    settings: SettingService
    above: Above


class Transaction(Protocol):
    """What registration needs of a transaction."""

    clock: Clock

    def enqueue(self, task: Task) -> None:
        """Send a message once the transaction is committed."""
        ...


class RegistrationService:
    """Registrations and forgotten passwords."""

    def __init__(
        self,
        requests: RequestRepository,
        people: AccountRepository,
        parts: Parts,
        ring: KeyRing,
        transaction: Transaction,
    ) -> None:
        self._requests = requests
        self._people = people
        self._parts = parts
        self._ring = ring
        self._transaction = transaction
        self._clock = transaction.clock

    def check(self, wish: Wish, *, invited: bool = False) -> str:
        """Return the normal spelling of an address that may register; who is invited always may.

        Raises InvalidInput, RegistrationClosed and DomainNotAllowed; none of them depends on who is known.
        """
        settings = self._parts.settings
        mode = settings.get(REGISTRATION_MODE)
        if mode == "invitation" and not invited:
            raise RegistrationClosed
        normal = self._normal(wish.email)
        if mode == "domain" and not invited and normal.rpartition("@")[2] not in settings.get(REGISTRATION_DOMAINS):
            raise DomainNotAllowed
        clean_name(wish.name)
        self._parts.accounts.check(ProfileChange(locale=wish.locale, time_zone=wish.time_zone))
        if self._asks_terms and not wish.terms_accepted:
            raise invalid("/terms_accepted", "terms.not_accepted", "Accept the terms of use to register.")
        return normal

    def ask(self, kind: RequestKind, wish: Wish, user_id: int = 0) -> None:
        """Note what somebody asks for; a worker does it within a second."""
        public_id, now = new_id(), self._clock.now_ms()
        self._requests.add(
            AccountRequest(
                public_id=public_id,
                kind=kind,
                user_id=user_id,
                sealed=self._ring.encrypt(json.dumps(asdict(wish)), f"account_requests.sealed:{public_id.hex()}"),
                tries=0,
                next_attempt_at=now,
                created_at=now,
            )
        )
        self._transaction.enqueue(AnswerRequests())

    def forgot(self, email: str) -> None:
        """Note that somebody forgot their password; raises InvalidInput for what is no address."""
        self.ask(RequestKind.FORGOT, Wish(self._normal(email)))

    def ask_address(self, user_id: int, email: str) -> None:
        """Note that somebody wants another address; raises InvalidInput for what is no address."""
        self.ask(RequestKind.CHANGE_ADDRESS, Wish(self._normal(email)), user_id)

    def due(self, limit: int) -> list[int]:
        """Return the numbers of requests that are to be done now."""
        return self._requests.due(self._clock.now_ms(), limit)

    def answer(self, number: int) -> None:
        """Do what was asked and forget the request. A second time there is nothing to do."""
        request = self._requests.lock(number)
        if request is None:
            return
        wish = Wish(**self._opened(request))
        deeds: dict[int, Callable[[AccountRequest, Wish], None]] = {
            RequestKind.REGISTER: self._register,
            RequestKind.FORGOT: self._forgot,
            RequestKind.CHANGE_ADDRESS: self._change_address,
        }
        deeds[request.kind](request, wish)
        self._requests.remove(request)

    def failed(self, number: int) -> bool:
        """Put a request that could not be done off, longer each time; after an hour it is given up. Tells whether."""
        request = self._requests.lock(number)
        if request is None:
            return False
        now = self._clock.now_ms()
        if now - request.created_at > _GIVEN_UP_MS:
            self._requests.remove(request)
            return True
        request.tries = min(request.tries + 1, 200)
        request.next_attempt_at = now + min(_LONGEST_PAUSE_MS, SECOND << min(request.tries, 10))
        return False

    def resend(self, user_id: int) -> bool:
        """Send the link to verify the address once more; tells whether that was not too often."""
        user = self._people.lock(user_id)
        if user is None or user.email_verified_at is not None:
            return True
        if self._parts.proofs.is_too_often(user.id, Purpose.VERIFY):
            return False
        self._ask_to_verify(user)
        return True

    def verify(self, token: str) -> None:
        """Believe that an address is its owner's; raises LinkDead."""
        proven = self._parts.proofs.redeem(token, Purpose.VERIFY)
        self._parts.accounts.verified(proven.user)

    def reset(self, token: str, password_hash: str, *, address: str, user_agent: str) -> str:
        """Take a password in place of a forgotten one, or the first of somebody who was invited.

        All sessions end, the owner is told; returns the address. Raises LinkDead.
        """
        proven = self._parts.proofs.redeem(token, *SETS_PASSWORD)
        accounts, user = self._parts.accounts, proven.user
        had_one = user.password_hash is not None
        # Whoever can read the mail has proved that too.
        accounts.verified(user)
        accounts.set_password(user.id, password_hash)
        account = accounts.by_number(user.id)
        if had_one:
            self._parts.letters.password_changed(account, address=address, user_agent=user_agent, once=token)
        return account.email

    def invite(self, new: NewAccount, inviter_id: int) -> Account:
        """Create somebody without a password and send them the link to choose one; raises EmailTaken, InvalidInput."""
        account = self._parts.accounts.create(replace(new, password_hash=None, is_verified=False))
        self._send_invitation(account, inviter_id)
        return account

    def invite_again(self, public_id: bytes, inviter_id: int) -> bool:
        """Send the link once more, a new one; tells whether that was not too often. Raises NotInvited."""
        account = self._parts.accounts.get(public_id)
        user = self._people.lock(account.id)
        if user is None or user.password_hash is not None or user.email_verified_at is not None:
            raise NotInvited
        if self._parts.proofs.is_too_often(user.id, Purpose.INVITED):
            return False
        self._send_invitation(account, inviter_id)
        return True

    def _send_invitation(self, account: Account, inviter_id: int) -> None:
        user = self._people.lock(account.id)
        if user is None:
            raise NotInvited
        token = self._parts.proofs.issue(user, Purpose.INVITED)
        self._parts.letters.invited(account, self._parts.accounts.by_number(inviter_id).name, token)
        self._parts.accounts.record_invitation(user)

    def _register(self, _request: AccountRequest, wish: Wish) -> None:
        accounts = self._parts.accounts
        user = self._people.by_email_index(accounts.indexes(wish.email))
        if user is None:
            accounts.create(
                NewAccount(
                    email=wish.email,
                    name=wish.name,
                    password_hash=wish.password_hash,
                    locale=wish.locale,
                    time_zone=wish.time_zone,
                    is_verified=False,
                )
            )
            user = self._people.by_email_index(accounts.indexes(wish.email))
            if user is None:
                raise EmailTaken
        elif user.email_verified_at is not None:
            self._parts.letters.already(accounts.opened(user))
            return
        else:
            # Nobody has proved that the address is theirs: the later one may be its owner. Earlier links die.
            accounts.set_password(user.id, wish.password_hash)
            change = ProfileChange(name=wish.name, locale=wish.locale, time_zone=wish.time_zone)
            accounts.update_profile(user.id, change)
        if wish.terms_accepted and self._asks_terms:
            self._parts.above.agree_to_terms(user.id, language=wish.locale, address=wish.address)
        if not self._parts.proofs.is_too_often(user.id, Purpose.VERIFY):
            self._ask_to_verify(user)

    def _forgot(self, _request: AccountRequest, wish: Wish) -> None:
        user = self._people.by_email_index(self._parts.accounts.indexes(wish.email))
        if user is None or user.state != UserState.ACTIVE or self._parts.proofs.is_too_often(user.id, Purpose.RESET):
            return
        token = self._parts.proofs.issue(user, Purpose.RESET)
        account = self._parts.accounts.opened(user)
        self._parts.letters.reset(account, token)
        self._parts.accounts.note("accounts.ask_reset", user)

    def _change_address(self, request: AccountRequest, wish: Wish) -> None:
        accounts = self._parts.accounts
        user = self._people.lock(request.user_id)
        if user is None or self._parts.proofs.is_too_often(user.id, Purpose.CHANGE_ADDRESS):
            return
        other = self._people.by_email_index(accounts.indexes(wish.email))
        # Made in any case: who asks learns nothing about who has the address.
        token = self._parts.proofs.issue(user, Purpose.CHANGE_ADDRESS, wish.email)
        accounts.note("accounts.ask_address", user)
        if other is None:
            self._parts.letters.address_confirm(accounts.opened(user), wish.email, token)
        elif other.id != user.id:
            self._parts.letters.already(accounts.opened(other))

    def _ask_to_verify(self, user: User) -> None:
        token = self._parts.proofs.issue(user, Purpose.VERIFY)
        self._parts.letters.verify(self._parts.accounts.opened(user), token)

    def _opened(self, request: AccountRequest) -> dict[str, Any]:
        place = f"account_requests.sealed:{request.public_id.hex()}"
        found: dict[str, Any] = json.loads(self._ring.decrypt(request.sealed, place))
        return found

    @property
    def _asks_terms(self) -> bool:
        return self._parts.settings.get(TERMS_URL) != ""

    @staticmethod
    def _normal(email: str) -> str:
        normal = rules.normalise_email(email)
        if normal is None:
            raise invalid("/email", "email.invalid", "Enter one email address, such as ann@example.com.")
        return normal
