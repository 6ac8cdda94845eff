"""Fault row 60: the signing key changes under load, on two processes; nobody is signed out before the key is gone."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from support.databases import migrated_sqlite
from support.processes import Served, environment_of
from support.world import PASSWORD, World

OLD, NEW = "o" * 32, "n" * 32
WORKERS = 4


def serve(url: str, folder: Path, keys: str) -> Served:
    """Start an API process with these signing keys."""
    environment = {**environment_of(database_url=url), "CCMANAGE_SECRET_KEYS": keys}
    return Served("api", environment=environment, folder=folder).wait_ready()


def login(server: Served, email: str) -> str:
    answer = httpx2.post(f"{server.url}/v1/auth/login", json={"email": email, "password": PASSWORD}, timeout=30)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def status(server: Served, token: str) -> int:
    return httpx2.get(f"{server.url}/v1/me", headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code


class Load:
    """Threads that ask with a token until they are told to stop."""

    def __init__(self, server: Served, tokens: list[str]) -> None:
        self.seen: Counter[int] = Counter()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(server, tokens)) for _ in range(WORKERS)]
        for thread in self._threads:
            thread.start()

    def _run(self, server: Served, tokens: list[str]) -> None:
        with httpx2.Client(base_url=server.url, timeout=30) as client:
            while not self._stop.is_set():
                for token in tokens:
                    answer = client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
                    self.seen[answer.status_code] += 1

    def stop(self) -> Counter[int]:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        return self.seen


@pytest.mark.faults
@pytest.mark.slow
def test_row_60_signing_keys_change_under_load(sqlite_template: Path, tmp_path: Path) -> None:
    url = migrated_sqlite(sqlite_template, tmp_path / "world.db")
    world = World(url)
    ann = world.person("Ann")
    world.close()
    with serve(url, tmp_path / "a", OLD) as before:
        old_token = login(before, ann.email)
        # One process knows the new key already, and still signs with the old one: either verifies the other's.
        with serve(url, tmp_path / "b", f"{OLD},{NEW}") as middle:
            load = Load(before, [old_token])
            assert status(middle, old_token) == 200
            assert status(before, login(middle, ann.email)) == 200
            seen = load.stop()
            assert set(seen) == {200}
    with serve(url, tmp_path / "c", f"{NEW},{OLD}") as rotated, serve(url, tmp_path / "d", f"{OLD},{NEW}") as late:
        new_token = login(rotated, ann.email)
        load = Load(late, [old_token, new_token])
        for _ in range(20):
            assert status(rotated, old_token) == 200
            assert status(rotated, new_token) == 200
        seen = load.stop()
        assert set(seen) == {200}
        assert sum(seen.values()) > 20
    with serve(url, tmp_path / "e", NEW) as after:
        load = Load(after, [old_token, new_token])
        assert status(after, old_token) == 401  # forced: refused, and never an error of ours
        assert status(after, new_token) == 200
        seen = load.stop()
        assert set(seen) <= {200, 401}
        assert seen[200]
