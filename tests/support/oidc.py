"""A real OpenID provider as a process of its own, and a browser that walks through it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from starlette.testclient import TestClient

from support.processes import until
from support.server_process import ServerMissing, find_binary, free_port, reaper

PORTAL = Path(__file__).parents[2] / "frontend"
SCRIPT = PORTAL / "tests" / "oidcProvider.mjs"
CLIENT_ID = "ccmanage"
CLIENT_SECRET = "a secret between two machines"
CALLBACK = "http://testserver/v1/auth/oidc/callback"


class Provider:
    """The certified panva/oidc-provider from the portal's packages, started on a free port."""

    def __init__(self) -> None:
        node = find_binary("node")
        if node is None or not (PORTAL / "node_modules" / "oidc-provider").is_dir():
            raise ServerMissing("the OpenID provider needs Node and the portal's packages: make install")
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        given = {"port": self.port, "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, "redirectUri": CALLBACK}
        self._process = subprocess.Popen(
            [str(node), str(SCRIPT), json.dumps(given)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        reaper.watch(self._process.pid)
        until(self._answers, 60)

    def _answers(self) -> bool:
        try:
            return httpx2.get(f"{self.issuer}/.well-known/openid-configuration", timeout=5).is_success
        except httpx2.TransportError:
            return False

    def become(self, sub: str, **claims: Any) -> None:
        """Say who is sitting before the provider's page, and what it knows of them."""
        person = {"sub": sub, "email": f"{sub}@example.com", "email_verified": True, "name": sub.title(), **claims}
        httpx2.post(f"{self.issuer}/test/person", json=person).raise_for_status()

    def walk(self, url: str) -> str:
        """Follow a browser through the provider's pages; returns the address that it is sent back to."""
        with httpx2.Client(timeout=20) as browser:
            for _ in range(10):
                answer = browser.get(url)
                assert answer.is_redirect, answer.text[:500]
                url = str(answer.headers["location"])
                if url.startswith("/"):
                    url = self.issuer + url
                if not url.startswith(self.issuer):
                    return url
        raise AssertionError("the provider sends the browser around in circles")

    @property
    def settings(self) -> dict[str, Any]:
        """The settings with which an installation signs people in here."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_name": "Example",
            "oidc_scopes": ("groups",),
        }

    def stop(self) -> None:
        """End the process."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        reaper.forget(self._process.pid)


def inside(url: str) -> str:
    """Return path, query and hash of an address."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")


def start(client: TestClient, **query: str) -> str:
    """Begin a sign-in; returns the provider's address."""
    answer = client.get("/v1/auth/oidc/start", params=query, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def come_back(client: TestClient, url: str) -> str:
    """Hand the provider's answer in; returns where in the portal that leads."""
    answer = client.get(inside(url), follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def sign_in(provider: Provider, client: TestClient, **query: str) -> str:
    """Walk the whole way; returns where in the portal it ends."""
    return come_back(client, provider.walk(start(client, **query)))
