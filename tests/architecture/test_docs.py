"""What the documents say exists, exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TEST = re.compile(r"`(tests/[\w/.-]+)(?:::(\w+))?`")
# Not the places that a template fills.
LINK = re.compile(r"\]\((?!https?://|#|mailto:|\{\{)([^)#]+)")


def named_tests() -> list[tuple[str, str, str]]:
    return [
        (page.name, path, name) for page in sorted(DOCS.glob("*.md")) for path, name in TEST.findall(page.read_text())
    ]


@pytest.mark.parametrize(("page", "path", "name"), named_tests())
def test_a_test_that_is_named_exists(page: str, path: str, name: str) -> None:
    file = ROOT / path
    assert file.exists(), f"docs/{page} names {path}"
    if name:
        assert re.search(rf"def {name}\(", file.read_text()), f"docs/{page} names {path}::{name}"


@pytest.mark.parametrize("page", sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")]), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
