"""Rules of the structure that no linter knows. Each message says what to do."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "ccmanage", "scheduler", "workers")
MAX_MODULE = 400
MAX_FUNCTION = 50
MAX_TEST = 500


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(), ids=name)
def test_only_the_unit_of_work_commits(path: Path) -> None:
    calls = [
        node.func.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    allowed = {"ccmanage/core/uow.py", "ccmanage/migrations.py"}
    assert not calls or name(path) in allowed, (
        f"{name(path)}: commit() belongs to core/uow.py; let the edge open a scope"
    )


@pytest.mark.parametrize("path", modules(), ids=name)
def test_modules_and_functions_stay_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_MODULE, f"{name(path)} has {lines} lines: split it by use case"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{name(path)}:{node.name} has {length} lines: give its steps names"


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=name)
def test_test_files_stay_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_TEST, f"{name(path)} has {lines} lines: split it by what it guarantees"


@pytest.mark.parametrize("path", modules(), ids=name)
def test_everything_public_says_what_it_is(path: Path) -> None:
    module = tree(path)
    if module.body:
        assert ast.get_docstring(module), f"{name(path)}: begin with a line that says what the module is for"
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{name(path)}:{node.name} needs a docstring"


@pytest.mark.parametrize("path", sorted((ROOT / "ccmanage").rglob("*.py")), ids=name)
def test_a_repository_is_used_at_home_only(path: Path) -> None:
    feature = path.relative_to(ROOT / "ccmanage").parts[0]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module and re.fullmatch(r"ccmanage\.\w+\.repository", node.module):
            owner = node.module.split(".")[1]
            assert owner in (feature, "core") or feature == "bootstrap", (
                f"{name(path)} imports {node.module}: ask the feature's service"
            )


FORBIDDEN_SQL = {
    r"\.returning\(": "MySQL has no RETURNING: read the row back, or use the number that the insert gave",
    r"INSERT IGNORE": "INSERT IGNORE clamps and swallows: insert, and handle the duplicate",
    r"REPLACE INTO": "REPLACE deletes: update, or use core.sql.BulkInsert with a key",
    r"FOR UPDATE OF|\bof=": "SQLAlchemy drops `of=` on MariaDB and locks all: lock one table a statement",
    r"LOCK IN SHARE MODE|FOR SHARE": "shared locks deadlock when they are upgraded: lock FOR UPDATE",
    r"\bUUID\(\)|GET_LOCK\(": "ids are made in Python, duties are kept by lease rows",
    r"\bon_duplicate_key_update\b": "core.sql.BulkInsert writes it for every server",
}


@pytest.mark.parametrize("path", modules(), ids=name)
def test_sql_stays_with_what_every_server_knows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for pattern, advice in FORBIDDEN_SQL.items():
        assert not re.search(pattern, text), f"{name(path)}: {advice}"


def test_tests_have_no_packages() -> None:
    found = [name(path) for path in (ROOT / "tests").rglob("__init__.py")]
    assert not found, f"{found}: pytest would import them under the names of our packages"


def test_the_alembic_folder_shadows_nothing() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_no_file_names_a_machine() -> None:
    """Absolute paths of a machine help nobody else."""
    pattern = re.compile(r"(^|[^A-Za-z0-9_.-])/(work|farm|home|root)/[a-z]", re.MULTILINE)
    for path in [*modules(), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "tests").rglob("*.py")]:
        if path != Path(__file__):
            assert not pattern.search(path.read_text(encoding="utf-8")), f"{name(path)} names a machine's path"
