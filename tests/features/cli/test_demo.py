"""The demo is set up in an empty installation only, is played once, and goes on where it was left."""

import json
from pathlib import Path

import pytest

from ccmanage.demo import fill
from ccmanage.demo.fill import Demo
from ccmanage.demo.stage import is_empty
from ccmanage.replay.client import GatewayClient
from support.world import World


@pytest.fixture
def home(world: World, tmp_path: Path) -> World:
    """An installation with prices and one administrator."""
    world.runtime.settings = world.settings = world.settings.model_copy(update={"data_dir": tmp_path / "var"})
    with world.scope() as scope:
        scope.pricing.import_library(dry_run=False)
    world.person("Admin", admin=True)
    return world


def play(world: World, url: str, *, days: int | None = None) -> None:
    """Play the demo, or its last days."""
    begun = fill.begin(world.runtime)
    assert begun is not None
    demo, token = begun
    story = fill.story(demo)
    assert sum(map(len, story)) == 8_819
    with GatewayClient(url, token) as client:
        fill.play(client, story if days is None else story[-days:], lambda _steps: None)


def test_an_installation_is_filled_once(home: World, served: str) -> None:
    assert is_empty(home.runtime)
    play(home, served, days=2)
    assert not is_empty(home.runtime)
    events = home.count("events")
    assert events > 50
    begun = fill.begin(home.runtime)  # not finished: it goes on, with a new token
    assert begun is not None
    demo, token = begun
    with GatewayClient(served, token) as client:
        fill.play(client, fill.story(demo)[-2:], lambda _steps: None)
    assert home.count("events") == events
    fill.finish(home.runtime, demo)
    assert fill.begin(home.runtime) is None


def test_nothing_is_added_to_what_others_have_begun(home: World) -> None:
    home.person("Ben")
    assert fill.begin(home.runtime) is None
    assert home.count("gateways") == 0


def test_a_memory_of_another_database_is_not_followed(home: World) -> None:
    home.person("Ben")
    memory = home.settings.data_dir / "demo.json"
    memory.parent.mkdir()
    strange = Demo(0, "gw_00000000000000000000000000", {})
    memory.write_text(json.dumps({name: getattr(strange, name) for name in Demo.__slots__}))
    assert fill.begin(home.runtime) is None
