"""`prices import` shows the difference first and writes it when told."""

from typing import TYPE_CHECKING

from support.world import World

if TYPE_CHECKING:
    from conftest import Cli


def test_a_dry_run_writes_nothing(cli: "Cli", world: World) -> None:
    done = cli("prices", "import", "--dry-run", "--json")
    assert done.code == 0, done.err
    assert done.json["written"] is False
    assert {"pattern", "effective_from", "version", "input", "output"} == set(done.json["added"][0])
    assert world.count("prices") == 0


def test_an_import_shows_the_difference_and_writes_it_once(cli: "Cli", world: World) -> None:
    first = cli("prices", "import", "--yes")
    assert first.code == 0, first.err
    assert "claude-opus-5-5" in first.out
    written = world.count("prices")
    assert written > 10
    assert f"Wrote {written} prices." in first.out
    second = cli("prices", "import", "--yes", "--json").json
    assert (second["written"], second["added"], second["changed"]) == (False, [], [])
    assert world.count("prices") == written


def test_without_a_terminal_nobody_is_asked(cli: "Cli", world: World) -> None:
    done = cli("prices", "import")
    assert done.code == 1
    assert "--yes" in done.err
    assert world.count("prices") == 0
