"""Be forgotten: asked for, a week to change one's mind, then for good. Ledger and sums stay, under a number."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from ccmanage.accounts.ending import EndingService
from ccmanage.accounts.service import AccountService
from ccmanage.audit.service import AuditService
from ccmanage.core.clock import DAY, MINUTE, Clock
from ccmanage.core.ids import USER, decode_id, encode_id, new_id
from ccmanage.core.logging import get_logger
from ccmanage.core.retaining import Taken
from ccmanage.core.security import Digester
from ccmanage.core.uow import with_retries
from ccmanage.privacy.erasing import LABELS, Step, steps
from ccmanage.privacy.errors import ErasureUnderWay, NoErasure, SoleAdministrator, SoleOwner
from ccmanage.privacy.exports import Transaction
from ccmanage.privacy.mail import PrivacyMail
from ccmanage.privacy.models import ErasureRequest, ErasureState
from ccmanage.privacy.repository import ErasureRepository

log = get_logger(__name__)

ERASURE: Final = "era"
GRACE_MS: Final = 7 * DAY
LOG_FILE: Final = "erasures.jsonl"
_AT_ONCE: Final = 20
_PAUSE_MS: Final = 10 * MINUTE
_PUT_OFF_MS: Final = DAY
_LOG_ROWS: Final = 500


class Possessions(Protocol):
    """What must end with a person."""

    def revoke_keys_of(self, user_id: int) -> int:
        """Revoke all keys that a person made; returns how many."""
        ...

    def end_subscription(self, workspace_id: int) -> bool:
        """End the subscription of a workspace; tells whether it had one."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What an erasure touches."""

    accounts: AccountService
    ending: EndingService
    audit: AuditService
    mail: PrivacyMail
    possessions: Possessions
    digester: Digester


class ErasureService:
    """Requests to be forgotten, and the record of those that were carried out."""

    def __init__(self, transaction: Transaction, repository: ErasureRepository, parts: Parts) -> None:
        self.transaction = transaction
        self.repository = repository
        self._parts = parts

    def request(self, user_id: int) -> ErasureRequest:
        """Ask for the end of one's account in a week; raises ErasureUnderWay, SoleOwner, SoleAdministrator."""
        if self.repository.open_of(user_id) is not None:
            raise ErasureUnderWay
        self._check(user_id)
        account, now = self._parts.accounts.by_number(user_id), self.transaction.clock.now_ms()
        erasure = self._add(user_id, account.public_id, account.email, now + GRACE_MS)
        self._record("privacy.request_erasure", erasure)
        self._parts.mail.deletion_requested(user_id, encode_id(ERASURE, erasure.public_id), erasure.due_at)
        return erasure

    def cancel(self, user_id: int) -> None:
        """Change one's mind; raises NoErasure once it is too late."""
        found = self.repository.open_of(user_id)
        erasure = self.repository.lock(found.id) if found is not None else None
        if erasure is None or erasure.state != ErasureState.PENDING:
            raise NoErasure
        erasure.state, erasure.active_user_id = ErasureState.CANCELLED, None
        self._record("privacy.cancel_erasure", erasure)

    def pending(self, user_id: int) -> ErasureRequest | None:
        """Return a person's request that waits or is being carried out."""
        return self.repository.open_of(user_id)

    def solely_owned(self, user_id: int) -> list[str]:
        """Return the shared workspaces that somebody else must own before the person can go."""
        return self.repository.solely_owned(user_id)

    def begin(self, number: int) -> bool:
        """Shut the account: nothing can be done with it from here on. False if it is to wait, or was taken back.

        A person who became the only owner of a workspace in the meantime keeps the account until that is settled.
        """
        erasure = self.repository.lock(number)
        if erasure is None or erasure.state not in (ErasureState.PENDING, ErasureState.RUNNING):
            return False
        now, user_id = self.transaction.clock.now_ms(), erasure.user_id
        erasure.tries += 1
        if erasure.state == ErasureState.PENDING:
            try:
                self._check(user_id)
            except (SoleOwner, SoleAdministrator) as error:
                erasure.error, erasure.next_attempt_at = error.code, now + _PUT_OFF_MS
                return False
        erasure.state, erasure.error = ErasureState.RUNNING, ""
        erasure.next_attempt_at = now + _PAUSE_MS * erasure.tries
        address = self._parts.accounts.by_number(user_id).email
        self._parts.ending.shut(user_id)
        self._parts.possessions.revoke_keys_of(user_id)
        for workspace_id in self.repository.personal_workspaces(user_id):
            self._parts.possessions.end_subscription(workspace_id)
        self._parts.mail.erase(user_id, address)
        return True

    def erase_log(self, number: int) -> bool:
        """Erase some readable sides of the audit log; tells whether there may be more."""
        erasure = self._held(number)
        person = encode_id(USER, erasure.user_public_id)
        workspaces = self.repository.personal_workspaces(erasure.user_id)
        return self._parts.audit.erase_about(erasure.user_id, person, workspaces)

    def finish(self, number: int) -> None:
        """Empty the account itself, last: until then a repetition finds whose rows they are."""
        erasure = self._held(number)
        self._parts.ending.empty(erasure.user_id)
        erasure.state, erasure.active_user_id = ErasureState.DONE, None
        erasure.done_at = self.transaction.clock.now_ms()
        self._record("privacy.erase", erasure)

    def lately_done(self) -> list[int]:
        """Return who was erased within the last day."""
        return self.repository.people_done_since(self.transaction.clock.now_ms() - DAY)

    def record_of(self, after: int) -> list[ErasureRequest]:
        """Return the record of carried-out erasures, after an inside number."""
        return self.repository.done_after(after, _LOG_ROWS)

    def replay(self, user_public_id: bytes, address_digest: bytes) -> int | None:
        """Ask again for an erasure that was carried out before this database was restored; returns its number.

        The person is found by the outside id, which a backup keeps. None: is gone already.
        """
        user_id = self._parts.ending.number_of(user_public_id)
        if user_id is None:
            return None
        open_one = self.repository.open_of(user_id)
        if open_one is not None:
            erasure = open_one
            erasure.due_at = min(erasure.due_at, self.transaction.clock.now_ms())
        elif self._parts.ending.is_emptied(user_id):
            return None
        else:
            erasure = self._add(user_id, user_public_id, "", self.transaction.clock.now_ms())
            erasure.address_digest = address_digest
        # Whoever was erased once is not asked a second time who shall own what.
        erasure.state, erasure.next_attempt_at = ErasureState.RUNNING, 0
        self._record("privacy.replay_erasure", erasure)
        return erasure.id

    def end_unverified(self, before: int, mark: int) -> Taken:
        """Let accounts end, as if asked for, that were made before an instant and whose address nobody confirmed.

        The mark is an account's number: each is looked at once, when it is old enough. Administrators are spared:
        what would be left of an installation without one?
        """
        people = self.repository.people_between(mark, before, _LOG_ROWS)
        now, begun = self.transaction.clock.now_ms(), 0
        for person in people:
            if not person.is_unverified or self.repository.open_of(person.user_id) is not None:
                continue
            account = self._parts.accounts.by_number(person.user_id)
            self._record("privacy.end_unverified", self._add(account.id, account.public_id, account.email, now))
            begun += 1
        return Taken(begun, people[-1].user_id if people else mark, more=len(people) == _LOG_ROWS)

    def person_of(self, number: int) -> int:
        """Return whom an erasure that is being carried out is about; raises NoErasure."""
        return self._held(number).user_id

    def put_off(self, number: int, code: str) -> None:
        """Note what kept an erasure from being finished; it is tried again."""
        erasure = self.repository.lock(number)
        if erasure is not None:
            erasure.error = code[:64]

    def _add(self, user_id: int, public_id: bytes, address: str, due_at: int) -> ErasureRequest:
        return self.repository.add(
            ErasureRequest(
                public_id=new_id(),
                user_id=user_id,
                user_public_id=public_id,
                active_user_id=user_id,
                address_digest=self._parts.digester.digest(f"erasure:{address}"),
                state=ErasureState.PENDING,
                requested_at=self.transaction.clock.now_ms(),
                due_at=due_at,
                done_at=0,
                tries=0,
                next_attempt_at=0,
                error="",
            )
        )

    def _check(self, user_id: int) -> None:
        if names := self.repository.solely_owned(user_id):
            raise SoleOwner(names)
        if self._parts.ending.is_last_admin(user_id):
            raise SoleAdministrator

    def _held(self, number: int) -> ErasureRequest:
        erasure = self.repository.lock(number)
        if erasure is None or erasure.state != ErasureState.RUNNING:
            raise NoErasure
        return erasure

    def _record(self, action: str, erasure: ErasureRequest) -> None:
        after = {"erasure": encode_id(ERASURE, erasure.public_id)}
        self._parts.audit.record(action, ("user", encode_id(USER, erasure.user_public_id)), after=after)


class ErasureScope(Transaction, Protocol):
    """What carrying an erasure out needs of a transaction."""

    @property
    def erasures(self) -> ErasureService:
        """Erasures."""
        ...


class Eraser:
    """Carries out what is due, in short transactions; whoever comes after a crash begins anew with the same effect."""

    def __init__(self, write: Callable[[], AbstractContextManager[ErasureScope]], data_dir: Path, clock: Clock) -> None:
        self._write = write
        self._data_dir = data_dir
        self._clock = clock

    def run(self, *, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Erase whoever is due; returns how many."""
        done = 0
        self._sweep_labels()
        for number in self._in(lambda scope: scope.erasures.repository.due(self._clock.now_ms(), _AT_ONCE)):
            if should_stop():
                break
            done += self.erase(number)
        if done:
            self.write_log()
        return done

    def _sweep_labels(self) -> None:
        """Take labels off once more that were settled while their person was being erased.

        A settler may know a key for a few seconds longer than its person; from then on it keeps no label.
        """
        for person in self._in(lambda scope: scope.erasures.lately_done()):
            for step in LABELS:
                self._carry_out(step, person)

    def erase(self, number: int) -> bool:
        """Carry one erasure out; tells whether it is done."""
        try:
            if not self._in(lambda scope: scope.erasures.begin(number)):
                return False
            person = self._in(lambda scope: scope.erasures.person_of(number))
            for _table, step in steps():
                self._carry_out(step, person)
            while self._in(lambda scope: scope.erasures.erase_log(number)):
                pass
            self._in(lambda scope: scope.erasures.finish(number))
        except Exception as error:
            log.exception("erasure_failed", erasure=number)
            code = type(error).__name__
            self._in(lambda scope: scope.erasures.put_off(number, code))
            return False
        return True

    def _carry_out(self, step: Step, person: int) -> None:
        """Do all chunks of a step, each in a transaction of its own."""
        after: Any = None
        while True:
            after = self._in(lambda scope, after=after: step(scope.session, person, after))
            if after is None:
                return

    def write_log(self) -> int:
        """Append to `erasures.jsonl` in DATA_DIR what is not there yet; returns how many lines came.

        Kept apart from the database (and from its backups), it tells after a restore whom to forget again.
        """
        path = self._data_dir / LOG_FILE
        known = {line["erasure"] for line in read_log(path)} if path.exists() else set()
        written, after = 0, 0
        self._data_dir.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            while rows := self._in(lambda scope, after=after: scope.erasures.record_of(after)):
                for row in rows:
                    line = line_of(row)
                    if line["erasure"] not in known:
                        file.write(json.dumps(line) + "\n")
                        written += 1
                after = rows[-1].id
        return written

    def replay(self, lines: list[dict[str, Any]]) -> int:
        """Carry out again what an older backup has undone; returns how many people were forgotten again."""
        again = 0
        for line in lines:
            person, digest = decode_id(USER, line["user"]), bytes.fromhex(line["address"])
            number = self._in(lambda scope, p=person, d=digest: scope.erasures.replay(p, d))
            if number is not None:
                again += self.erase(number)
        return again

    def _in(self, work: Callable[..., Any]) -> Any:
        def once() -> Any:
            with self._write() as scope:
                return work(scope)

        return with_retries(once, repeatable=True)


def line_of(row: ErasureRequest) -> dict[str, Any]:
    """Return an erasure as it is logged: nothing that tells who it was to somebody who does not know already."""
    return {
        "erasure": encode_id(ERASURE, row.public_id),
        "user": encode_id(USER, row.user_public_id),
        "address": row.address_digest.hex(),
        "done_at": row.done_at,
    }


def read_log(path: Path) -> list[dict[str, Any]]:
    """Read a log of erasures."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
