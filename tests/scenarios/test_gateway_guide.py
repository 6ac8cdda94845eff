"""Every snippet of the guide for gateway authors is run as it stands, against a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from support.books import assert_books_clean
from support.gateway import Gateway
from support.world import World

GUIDE = Path(__file__).parents[2] / "docs" / "gateways.md"
BLOCK = re.compile(r"```(bash|python|javascript)\n(.*?)```", re.DOTALL)
RUN = {"bash": ["bash", "-c"], "python": [sys.executable, "-c"], "javascript": ["node", "--input-type=module", "-e"]}


def snippets() -> list[tuple[str, str]]:
    return [(found.group(1), found.group(2)) for found in BLOCK.finditer(GUIDE.read_text(encoding="utf-8"))]


@pytest.fixture
def gateway(sqlite_world: World) -> Gateway:
    return Gateway.of(sqlite_world)


@pytest.fixture
def url(sqlite_world: World, gateway: Gateway) -> Iterator[str]:
    """A real server on a free port, with somebody who settles."""
    from api.main import build

    sqlite_world.clock.now = time.time_ns() // 1_000_000
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(build(sqlite_world.runtime), log_level="warning", lifespan="on"))
        serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        serving.start()
        over = threading.Event()

        def settle() -> None:
            while not over.wait(0.02):
                gateway.settle()

        settling = threading.Thread(target=settle)
        settling.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            serving.join()
            over.set()
            settling.join()


def test_the_guide_shows_every_language() -> None:
    assert {language for language, _code in snippets()} == set(RUN)


@pytest.mark.timeout(180)
def test_every_snippet_works_as_it_stands(sqlite_world: World, gateway: Gateway, url: str) -> None:
    environment = {
        **os.environ,
        "CCMANAGE_URL": url,
        "CCMANAGE_TOKEN": gateway.token,
        "CCMANAGE_API_KEY": gateway.api_key,
    }
    said: dict[str, list[str]] = {}
    for language, code in snippets():
        command = RUN[language]
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not installed here")
        done = subprocess.run(
            [*command, code], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{language}: {done.stderr}"
        said.setdefault(language, []).append(done.stdout)
    while sqlite_world.count("inbox_batches", "state = 0"):
        gateway.settle()
    lines = said["javascript"][0].split("\n")
    assert [line.split()[1] for line in lines if line] == ["inserted", "duplicate", "quarantined"]
    assert lines[2].endswith("key.unknown")
    assert said["python"][0].split()[1] == "3"
    assert json.loads(said["bash"][1])["code"] == "VALID"
    assert said["python"][1].split() == ["verified", "1"]
    assert said["javascript"][1].splitlines() == [
        "201 active 2.5",
        "402 hold.insufficient_credits",
        "captured",
        "released",
    ]
    assert sqlite_world.count("events") == 1 + 3 + 1 + 1 + 1 + 1
    assert sqlite_world.count("projects") == 1
    assert_books_clean(sqlite_world.runtime.database, sqlite_world.clock)
