"""What can go wrong with settings."""

from ccmanage.core.errors import DomainError, InvalidInput, Kind


class SettingChanged(DomainError):
    """Somebody else changed the setting after it was read."""

    kind, code = Kind.CONFLICT, "settings.changed"

    def __init__(self, name: str) -> None:
        super().__init__(f"Somebody else changed {name}. Look at it again.", setting=name)


class SettingsInvalid(InvalidInput):
    """A value does not fit its setting, or there is no such setting."""

    code = "settings.invalid"
