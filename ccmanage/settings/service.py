"""Read settings, typed; change them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ccmanage.audit.service import AuditService
from ccmanage.core.clock import Clock
from ccmanage.core.config import Settings
from ccmanage.core.errors import FieldError
from ccmanage.core.logging import get_logger
from ccmanage.settings.cache import SettingsCache
from ccmanage.settings.errors import SettingChanged, SettingsInvalid
from ccmanage.settings.kinds import Setting, T, Value, WrongValue
from ccmanage.settings.models import SettingRow
from ccmanage.settings.repository import SettingRepository

log = get_logger(__name__)

DEFAULT: Final = None


class Registry:
    """Every setting of the installation, by name, in the order of their declaration."""

    def __init__(self, settings: Iterable[Setting[Any]], process: Settings) -> None:
        self.process = process
        self._settings: dict[str, Setting[Any]] = {}
        for setting in settings:
            if setting.name in self._settings:
                raise ValueError(f"the setting {setting.name} is declared twice")
            self._settings[setting.name] = setting

    def __iter__(self) -> Any:
        return iter(self._settings.values())

    def find(self, name: str) -> Setting[Any] | None:
        """Find a setting by its name."""
        return self._settings.get(name)


@dataclass(frozen=True, slots=True)
class Change:
    """A new value (None: back to the default) for the revision of a setting that was read."""

    name: str
    value: object
    revision: int


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting with what holds now."""

    setting: Setting[Any]
    value: Value
    default: Value
    is_default: bool
    revision: int
    changed_at: int


class SettingService:
    """Settings that take effect on every process within two seconds."""

    def __init__(
        self,
        repository: SettingRepository,
        registry: Registry,
        cache: SettingsCache,
        clock: Clock,
        audit: AuditService,
    ) -> None:
        self._repository = repository
        self._registry = registry
        self._cache = cache
        self._clock = clock
        self._audit = audit
        self._wrote = False

    def get(self, setting: Setting[T]) -> T:
        """Return what holds now: what an administrator has set, else the default."""
        if self._wrote:
            # What is not committed is for this transaction's eyes only.
            values: Mapping[str, bytes] = self._repository.values()
        else:
            values = self._cache.values(self._repository.values, self._clock.now_ms())
        return self._read(setting, values.get(setting.name, b""))[0]

    def all(self) -> Sequence[SettingView]:
        """Return every setting, fresh from the database."""
        rows = self._repository.everything()
        return [self._view(setting, rows.get(setting.name)) for setting in self._registry]

    def change(self, changes: Sequence[Change]) -> Sequence[SettingView]:
        """Change several settings at once, all or none; raises SettingsInvalid and SettingChanged."""
        faults: list[FieldError] = []
        wanted: list[tuple[Setting[Any], Change, bytes]] = []
        for place, change in enumerate(changes):
            setting = self._registry.find(change.name)
            if setting is None:
                faults.append(FieldError(f"/changes/{place}/name", "settings.unknown", "There is no such setting."))
                continue
            try:
                kept = b"" if change.value is DEFAULT else json.dumps(setting.check(change.value)).encode()
            except WrongValue as error:
                faults.append(FieldError(f"/changes/{place}/value", "settings.value", str(error)))
                continue
            wanted.append((setting, change, kept))
        if faults:
            raise SettingsInvalid("Some settings are not right. Nothing was changed.", fields=faults)
        # In one order, so that two administrators who change the same ones never wait for each other in a ring.
        for setting, change, kept in sorted(wanted, key=lambda one: one[0].name):
            self._write(setting, change.revision, kept)
        return self.all()

    def _write(self, setting: Setting[Any], revision: int, kept: bytes) -> None:
        row = self._repository.locked(setting.name)
        if revision != (row.revision if row else 0):
            raise SettingChanged(setting.name)
        before, now = self._read(setting, row.value if row else b"")[0], self._clock.now_ms()
        if row is None:
            row = SettingRow(name=setting.name, value=b"", revision=0, changed_by=0, changed_at=now)
        row.value, row.revision = kept, row.revision + 1
        row.changed_by, row.changed_at = self._audit.actor.user_id, now
        self._repository.add(row)
        self._wrote = True
        self._cache.expire()
        self._audit.record(
            "settings.change",
            ("setting", setting.name),
            before={"value": before},
            after={"value": self._read(setting, kept)[0], "is_default": not kept},
        )

    def _view(self, setting: Setting[Any], row: SettingRow | None) -> SettingView:
        value, is_default = self._read(setting, row.value if row else b"")
        return SettingView(
            setting=setting,
            value=value,
            default=setting.default_for(self._registry.process),
            is_default=is_default,
            revision=row.revision if row else 0,
            changed_at=row.changed_at if row else 0,
        )

    def _read(self, setting: Setting[T], kept: bytes) -> tuple[T, bool]:
        if kept:
            try:
                return setting.check(json.loads(kept)), False
            except ValueError:
                # Set under an earlier version, whose bounds were others.
                log.warning("setting_not_understood", setting=setting.name)
        return setting.default_for(self._registry.process), True
