"""Does what people asked for without signing in, one transaction for each."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from ccmanage.accounts.registration import RegistrationService
from ccmanage.core.logging import get_logger
from ccmanage.core.uow import with_retries

log = get_logger(__name__)

_AT_ONCE = 50


class _Transaction(Protocol):
    @property
    def registration(self) -> RegistrationService:
        """Registrations and forgotten passwords."""
        ...


Opens = Callable[[], AbstractContextManager[_Transaction]]


class Answerer:
    """Answers requests. Several may run at once: a request is locked, and gone once it is answered."""

    def __init__(self, open_scope: Opens, read: Opens) -> None:
        self._open = open_scope
        self._read = read

    def run(self, *, should_stop: Callable[[], bool]) -> bool:
        """Answer what is due until nothing is left or one is told to stop; tells whether there may be more."""
        while not should_stop():
            with self._read() as scope:
                numbers = scope.registration.due(_AT_ONCE)
            for number in numbers:
                self._answer(number)
            if len(numbers) < _AT_ONCE:
                return False
        return True

    def _answer(self, number: int) -> None:
        def answer() -> None:
            with self._open() as scope:
                scope.registration.answer(number)

        def put_off() -> bool:
            with self._open() as scope:
                return scope.registration.failed(number)

        try:
            with_retries(answer, repeatable=True)
        except Exception as error:
            # One that cannot be answered must not keep the others waiting.
            given_up = with_retries(put_off, repeatable=True)
            log.warning("request_not_answered", error=type(error).__name__, given_up=given_up)
