"""Finds the settings that features declare: every `SETTINGS` in a `ccmanage/<feature>/settings.py`."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

import ccmanage
from ccmanage.core.config import Settings
from ccmanage.settings import retention
from ccmanage.settings.kinds import Setting
from ccmanage.settings.service import Registry

# What stands above the features, or is what they stand on.
_NO_FEATURES = frozenset({"adapters", "bootstrap", "cli", "core", "demo", "replay", "settings"})


def collect(process: Settings) -> Registry:
    """Return every setting of the installation."""
    return Registry((*_declared(), *retention.SETTINGS), process)


def _declared() -> Iterator[Setting[Any]]:
    for module in sorted(iter_modules(ccmanage.__path__), key=lambda found: found.name):
        if module.ispkg and module.name not in _NO_FEATURES:
            name = f"ccmanage.{module.name}.settings"
            if find_spec(name) is not None:
                yield from import_module(name).SETTINGS
