"""Text that people type: names on one line, texts that are looked for literally."""

import unicodedata

from ccmanage.core.errors import FieldError, InvalidInput

MAX_NAME = 120
MAX_REASON = 500
LIKE_ESCAPE = "!"
_INVISIBLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def is_clean(text: str) -> bool:
    """Tell whether a text stands on one line and holds no control characters or halves of characters."""
    return not any(unicodedata.category(character) in _INVISIBLE for character in text)


def clean_name(text: str, pointer: str = "/name") -> str:
    """Return a name as it is stored: composed, trimmed, 1 to 120 characters; raises InvalidInput."""
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= MAX_NAME or not is_clean(name):
        sentence = f"Enter a name of 1 to {MAX_NAME} characters on one line."
        raise InvalidInput(sentence, fields=[FieldError(pointer, "name.invalid", sentence)])
    return name


def like_literally(text: str) -> str:
    """Escape a text for LIKE with `escape=LIKE_ESCAPE`, so that its own `%` and `_` mean themselves."""
    for special in (LIKE_ESCAPE, "%", "_"):
        text = text.replace(special, LIKE_ESCAPE + special)
    return text
