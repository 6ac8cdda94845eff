"""Turns the library's clauses about model names into our patterns."""

import re
from collections.abc import Iterator

from genai_prices import types

from ccmanage.pricing.names import is_exact, normalise_model


class UnsupportedMatch(Exception):
    """A clause that no list of patterns can say."""


def patterns_of(clause: types.MatchLogic) -> list[str]:
    """Return the patterns that fit the names which the clause fits, normalised, each once."""
    return list(dict.fromkeys(normalise_model(pattern) for pattern in _expand(clause)))


def _expand(clause: types.MatchLogic) -> Iterator[str]:
    match clause:
        case types.ClauseOr():
            for part in clause.or_:
                yield from _expand(part)
        case types.ClauseEquals():
            yield _literal(clause.equals)
        case types.ClauseStartsWith():
            yield _literal(clause.starts_with) + "*"
        case types.ClauseEndsWith():
            yield "*" + _literal(clause.ends_with)
        case types.ClauseContains():
            yield "*" + _literal(clause.contains) + "*"
        case types.ClauseRegex():
            yield from _regex(clause.regex)
        case _:
            raise UnsupportedMatch(f"a name that must fit {clause}")


def _literal(text: str) -> str:
    if not is_exact(text):
        raise UnsupportedMatch(f"the name {text}")
    return text


_TOKEN = re.compile(r"\\d(?:\{(?P<digits>\d)\})?|\\(?P<escaped>[.-])|\[(?P<choice>[-@._]+)\]|(?P<plain>[a-z0-9_-])")


def _regex(expression: str) -> Iterator[str]:
    """Read the small part of the language that dated names need: text, digits, a choice of separators."""
    if not (expression.startswith("^") and expression.endswith("$")):
        raise UnsupportedMatch(f"a name that must fit {expression}")
    inner, at, found = expression[1:-1], 0, [""]
    while at < len(inner):
        token = _TOKEN.match(inner, at)
        if token is None:
            raise UnsupportedMatch(f"a name that must fit {expression}")
        at = token.end()
        if (choice := token["choice"]) is not None:
            found = [head + one for head in found for one in choice]
        else:
            tail = token["escaped"] or token["plain"] or "#" * int(token["digits"] or 1)
            found = [head + tail for head in found]
    yield from found
