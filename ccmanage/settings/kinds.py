"""What a run-time setting is: a name, a kind with its bounds, a default, words for the portal.

A feature declares its own in `ccmanage/<feature>/settings.py`:

    WARN_DAYS = whole("alerts.warn_days", 7, Words("Days of warning", "提前几天提醒"), kind=Whole(1, 30, "days"))
    SETTINGS = (WARN_DAYS,)

and reads one with `scope.settings.get(WARN_DAYS)`, which is an `int`. Nothing else has to be edited.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Generic, TypeVar, cast
from urllib.parse import urlsplit

from ccmanage.core.config import Settings
from ccmanage.core.text import is_clean

T = TypeVar("T", bool, int, str, tuple[str, ...])
Value = bool | int | str | tuple[str, ...]

MAX_LINE: Final = 200
MAX_TEXT: Final = 2_000
MAX_NAMES: Final = 200


class WrongValue(ValueError):
    """A value that the setting does not take; the text says what it takes."""


@dataclass(frozen=True, slots=True)
class Words:
    """A short text in both languages of the portal."""

    en: str
    zh: str


class Kind(ABC):
    """Which values a setting takes."""

    name: ClassVar[str]

    @abstractmethod
    def check(self, value: object) -> Value:
        """Return the value as it is kept; raises WrongValue."""


@dataclass(frozen=True, slots=True)
class Flag(Kind):
    """On or off."""

    name: ClassVar[str] = "flag"

    def check(self, value: object) -> bool:
        """Return the value as it is kept; raises WrongValue."""
        if not isinstance(value, bool):
            raise WrongValue("Use true or false.")
        return value


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number between two bounds."""

    least: int
    most: int
    unit: str = ""
    name: ClassVar[str] = "whole"

    def check(self, value: object) -> int:
        """Return the value as it is kept; raises WrongValue."""
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise WrongValue(f"Use a whole number from {self.least} to {self.most}.")
        return value


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of a few words, each with a text for the portal."""

    options: Mapping[str, Words]
    name: ClassVar[str] = "choice"

    def check(self, value: object) -> str:
        """Return the value as it is kept; raises WrongValue."""
        if not isinstance(value, str) or value not in self.options:
            raise WrongValue(f"Use one of: {', '.join(self.options)}.")
        return value


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """A text: on one line, or over several."""

    longest: int = MAX_LINE
    lines: bool = False
    name: ClassVar[str] = "text"

    def check(self, value: object) -> str:
        """Return the value as it is kept; raises WrongValue."""
        if not isinstance(value, str) or len(value) > self.longest:
            raise WrongValue(f"Use a text of at most {self.longest} characters.")
        parts = value.replace("\r\n", "\n").split("\n")
        if (len(parts) > 1 and not self.lines) or not all(map(is_clean, parts)):
            raise WrongValue("Leave out line breaks and control characters." if not self.lines else "Use plain text.")
        return "\n".join(part.rstrip() for part in parts).strip()


@dataclass(frozen=True, slots=True)
class Link(Text):
    """The address of a page, or nothing. Shown as a link, so nothing but the web's own schemes."""

    def check(self, value: object) -> str:
        """Return the value as it is kept; raises WrongValue."""
        address = Text.check(self, value)
        parts = urlsplit(address)
        if address and (parts.scheme not in ("https", "http") or not parts.hostname or " " in address):
            raise WrongValue("Use an address that begins with https://, or nothing.")
        return address


@dataclass(frozen=True, slots=True)
class Names(Kind):
    """A list of short names, such as domains: folded to lower case, each once."""

    is_name: Callable[[str], bool]
    example: str
    name: ClassVar[str] = "names"

    def check(self, value: object) -> tuple[str, ...]:
        """Return the value as it is kept; raises WrongValue."""
        if not isinstance(value, list | tuple) or len(value) > MAX_NAMES:
            raise WrongValue(f"Use a list of at most {MAX_NAMES} names.")
        if not all(isinstance(one, str) for one in value):
            raise WrongValue("Use a list of texts.")
        names = tuple(dict.fromkeys(one.strip().lower() for one in cast(Sequence[str], value)))
        for one in names:
            if not self.is_name(one):
                raise WrongValue(f"“{one[:60]}” cannot be used here; write names such as {self.example}.")
        return names


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting. The default may depend on how the process was set up."""

    name: str
    kind: Kind
    default: T | Callable[[Settings], T]
    title: Words
    help: Words

    @property
    def group(self) -> str:
        """Return the first part of the name: the portal shows settings by it."""
        return self.name.partition(".")[0]

    def default_for(self, settings: Settings) -> T:
        """Return the value that holds while nobody has set one."""
        return self.default(settings) if callable(self.default) else self.default

    def check(self, value: object) -> T:
        """Return the value as it is kept; raises WrongValue."""
        return cast(T, self.kind.check(value))


_NONE = Words("", "")


def flag(name: str, default: bool | Callable[[Settings], bool], title: Words, explain: Words = _NONE) -> Setting[bool]:
    """Declare something that is on or off."""
    return Setting(name, Flag(), default, title, explain)


def whole(
    name: str,
    default: int | Callable[[Settings], int],
    title: Words,
    explain: Words = _NONE,
    *,
    kind: Whole,
) -> Setting[int]:
    """Declare a whole number."""
    return Setting(name, kind, default, title, explain)


def choice(
    name: str,
    default: str | Callable[[Settings], str],
    title: Words,
    explain: Words = _NONE,
    *,
    options: Mapping[str, Words],
) -> Setting[str]:
    """Declare one of a few words."""
    return Setting(name, Choice(options), default, title, explain)


def text(
    name: str, default: str | Callable[[Settings], str], title: Words, explain: Words = _NONE, *, kind: Text
) -> Setting[str]:
    """Declare a text."""
    return Setting(name, kind, default, title, explain)


def names(
    name: str, default: tuple[str, ...], title: Words, explain: Words = _NONE, *, kind: Names
) -> Setting[tuple[str, ...]]:
    """Declare a list of names."""
    return Setting(name, kind, default, title, explain)
