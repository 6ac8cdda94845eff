"""Every template of the catalogue is sent by something, and nothing is sent that is not in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ccmanage.email.catalogue import TEMPLATES

ROOT = Path(__file__).parents[3] / "ccmanage"
# How features hand a template on: the outbox itself, and what `Letters` and the like make of it.
POSTING = {"post", "_post", "_once"}


def names_in(node: ast.expr) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def posted(source: str) -> Iterator[str]:
    """Yield the templates that a module posts: named in the call, or kept in `template` before it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in POSTING:
            yield from names_in(node.args[0]) if node.args else ()
        elif isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["template"]:
            yield from (name for name in names_in(node.value) if "." in name)


def callers() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        for name in posted(path.read_text(encoding="utf-8")):
            found.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    return found


def test_every_template_is_sent_and_everything_that_is_sent_is_one() -> None:
    found = callers()
    assert set(TEMPLATES) - set(found) == set(), "templates that nothing sends"
    assert set(found) - set(TEMPLATES) == set(), "sent, but in no catalogue"


def test_the_search_finds_what_is_posted_and_nothing_else() -> None:
    source = (
        "x.post('a.b', to=y)\ntemplate = 'c.d' if z else 'e.f'\ncode = 'g.h'\nself._once('i.j', 1)\nlog.info('k.l')"
    )
    assert sorted(posted(source)) == ["a.b", "c.d", "e.f", "i.j"]
