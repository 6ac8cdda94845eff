"""The wheel is whole: who installs it needs no checkout, for the migrations neither."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MIGRATE = """
from ccmanage.core.db import Database
from ccmanage.migrations import is_current, migrate
database = Database("sqlite:///books.db")
migrate(database)
assert is_current(database)
import ccmanage
print(ccmanage.__file__)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files as an installation lays them out."""
    pytest.importorskip("hatchling", reason="make install brings it")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    # Beside our packages lies the migration library, whose folder has the name of ours in a checkout.
    (folder / "site" / "alembic").mkdir()
    return folder / "site"


def test_packages_and_licence_are_in_it(site: Path) -> None:
    for package in ("api", "ccmanage", "scheduler", "workers"):
        sources = {path.relative_to(ROOT) for path in (ROOT / package).rglob("*.py")}
        shipped = {path.relative_to(site) for path in (site / package).rglob("*.py")}
        assert sources <= shipped
    assert not (site / "tests").exists()
    assert list(site.glob("ccmanage-*.dist-info/licenses/LICENSE"))


def test_it_migrates_without_a_checkout(site: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", MIGRATE], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(site) in done.stdout
