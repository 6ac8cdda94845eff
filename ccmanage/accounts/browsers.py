"""The browsers that a person has signed in with: a new one is told to them by mail."""

from ccmanage.accounts.devices import network_of
from ccmanage.accounts.letters import Letters
from ccmanage.accounts.proof_models import KnownBrowser
from ccmanage.accounts.proof_repository import BrowserRepository
from ccmanage.accounts.values import Account
from ccmanage.core.clock import DAY, Clock
from ccmanage.core.security import Digester

_KEPT_MS = 400 * DAY
_FORGET_ROWS = 1_000


class BrowserService:
    """A browser is known by its own mark (a cookie), a program by its name and network."""

    def __init__(self, repository: BrowserRepository, letters: Letters, digester: Digester, clock: Clock) -> None:
        self._repository = repository
        self._letters = letters
        self._digester = digester
        self._clock = clock

    def signed_in(self, account: Account, *, mark: str | None, address: str, user_agent: str) -> None:
        """Remember where somebody signed in from; tell them by mail if it is new and not the first of all."""
        now = self._clock.now_ms()
        marks = [self._digester.digest(f"program {user_agent} {network_of(address)}")]
        if mark is not None:
            marks.append(self._digester.digest(f"browser {mark}"))
        known = {browser.mark: browser for browser in self._repository.of(account.id, marks)}
        is_new = not known and self._repository.has_any(account.id)
        for digest in marks:
            if (browser := known.get(digest)) is None:
                self._repository.add(KnownBrowser(user_id=account.id, mark=digest, created_at=now, last_seen_at=now))
            elif now - browser.last_seen_at > DAY:
                browser.last_seen_at = now
        if is_new:
            once = f"{marks[-1].hex()} {now // DAY}"
            self._letters.new_sign_in(account, address=address, user_agent=user_agent, once=once)

    def forget_stale(self) -> bool:
        """Delete some browsers that were not used for more than a year; tells whether more are left."""
        return self._repository.forget_unused(self._clock.now_ms() - _KEPT_MS, _FORGET_ROWS) == _FORGET_ROWS
