"""The templates that come with the product."""

from functools import cache
from importlib.resources import files

from ccmanage.email.catalogue import LANGUAGES, TEMPLATES
from ccmanage.email.errors import TemplateNotFound


@cache
def shipped_source(template: str, language: str) -> str:
    """Return the text of a template as it was shipped; raises TemplateNotFound."""
    if template not in TEMPLATES or language not in LANGUAGES:
        raise TemplateNotFound
    return (files("ccmanage.email") / "templates" / language / f"{template}.txt").read_text(encoding="utf-8")
