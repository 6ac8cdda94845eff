"""The benchmark suite runs: each part for a moment at tiny size. What the figures say is nobody's business here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import figures
from benchmarks.__main__ import main
from benchmarks.suite import PARTS
from support.servers import find_mariadb, find_redis

CONTRACT = {"name", "value", "unit", "ratio", "of", "bar", "holds"}
TINY = ["--seconds", "1", "--workspaces", "50", "--processes", "1", "--growth-events", "2000"]

needs_servers = pytest.mark.skipif(
    find_mariadb() is None or find_redis() is None, reason="needs MariaDB/MySQL and Redis binaries"
)


@needs_servers
@pytest.mark.slow
@pytest.mark.mysql
@pytest.mark.redis
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", PARTS)
def test_each_part_runs_and_leaves_true_books(part: str, tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    assert main(["--only", part, "--json", str(path), *TINY]) == 0
    found = json.loads(path.read_text())
    assert set(found) == {"machine", "figures"}
    assert found["figures"]
    for figure in found["figures"]:
        assert set(figure) == CONTRACT
    books = [figure for figure in found["figures"] if figure["unit"] == "findings"]
    assert books
    assert all(figure["holds"] for figure in books), books


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "everything"]) == 2
    assert "settled_zipf" in capsys.readouterr().err


def test_a_figure_holds_both_of_its_bars() -> None:
    base = figures.Figure("floor", 20_000, "events/s")
    held = figures.at_least("settled", 11_000, "events/s", least=10_000, of=base, share=0.5)
    assert (held.ratio, held.of, held.bar, held.holds) == (0.55, "floor", ">= 10000 and >= 0.5 x", True)
    assert figures.at_least("settled", 9_900, "events/s", least=10_000, of=base, share=0.4).holds is False
    assert figures.at_least("settled", 10_100, "events/s", least=10_000, of=base, share=0.6).holds is False
    assert figures.at_most("p99", 31, "ms", 3, of=figures.Figure("no-op", 10, "ms")).holds is False
    assert figures.at_most("memory", 150, "MB", 150).holds is True
