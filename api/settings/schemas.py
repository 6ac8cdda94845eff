"""Bodies of settings."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from api.schemas import In, Moment, Out
from ccmanage.settings.kinds import MAX_NAMES, MAX_TEXT, Choice, Text, Whole, Words
from ccmanage.settings.service import Change, SettingView

Line = Annotated[str, Field(max_length=MAX_TEXT)]
ValueIn = bool | int | Line | Annotated[list[Line], Field(max_length=MAX_NAMES)] | None


class SettingChangeIn(In):
    """A new value, or null for the default; `revision` is the one that was read, a later one is a 409."""

    name: Annotated[str, Field(max_length=64)]
    value: ValueIn
    revision: Annotated[int, Field(ge=0, le=2**31)]


class SettingsIn(In):
    """What shall change: all of it or nothing."""

    changes: Annotated[list[SettingChangeIn], Field(min_length=1, max_length=100)]

    def to_domain(self) -> list[Change]:
        """Return the changes."""
        return [Change(change.name, change.value, change.revision) for change in self.changes]


class WordsOut(Out):
    """A text in both languages of the portal."""

    en: str
    zh: str

    @classmethod
    def of(cls, words: Words) -> "WordsOut":
        """Make the answer."""
        return cls(en=words.en, zh=words.zh)


class OptionOut(Out):
    """One of the words that a setting of the kind `choice` takes."""

    value: str
    title: WordsOut


class SettingOut(Out):
    """A setting, what holds now, and what it takes. Bounds that the kind does not have are null."""

    name: str
    group: str
    kind: Literal["flag", "whole", "choice", "text", "names"]
    title: WordsOut
    help: WordsOut
    value: bool | int | str | list[str]
    default: bool | int | str | list[str]
    is_default: bool
    revision: int
    changed_at: Moment | None
    least: int | None
    most: int | None
    unit: str | None
    longest: int | None
    lines: bool
    options: list[OptionOut]

    @classmethod
    def of(cls, view: SettingView) -> "SettingOut":
        """Make the answer."""
        setting, kind = view.setting, view.setting.kind
        options = kind.options if isinstance(kind, Choice) else {}
        return cls(
            name=setting.name,
            group=setting.group,
            kind=kind.name,
            title=WordsOut.of(setting.title),
            help=WordsOut.of(setting.help),
            value=list(view.value) if isinstance(view.value, tuple) else view.value,
            default=list(view.default) if isinstance(view.default, tuple) else view.default,
            is_default=view.is_default,
            revision=view.revision,
            changed_at=view.changed_at or None,
            least=kind.least if isinstance(kind, Whole) else None,
            most=kind.most if isinstance(kind, Whole) else None,
            unit=(kind.unit or None) if isinstance(kind, Whole) else None,
            longest=kind.longest if isinstance(kind, Text) else None,
            lines=isinstance(kind, Text) and kind.lines,
            options=[OptionOut(value=value, title=WordsOut.of(words)) for value, words in options.items()],
        )


class SettingsOut(Out):
    """Every setting, by groups."""

    items: list[SettingOut]

    @classmethod
    def of(cls, views: Sequence[SettingView]) -> "SettingsOut":
        """Make the answer."""
        return cls(items=[SettingOut.of(view) for view in views])
