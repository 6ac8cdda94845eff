"""The receivers in docs/webhooks.md accept what we sign, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from ccmanage.notifications.signing import headers_of, new_webhook_secret

GUIDE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
BODY = '{"type":"alert.fired","data":{"name":"Grüße"}}'.encode()


def block(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return str(found)


def cases() -> list[tuple[str, str, dict[str, str], bytes, bool]]:
    """Return name, secret, headers, body, and whether it is genuine."""
    secret, other, now = new_webhook_secret(), new_webhook_secret(), int(time.time())
    good = headers_of([secret], "msg_1", now, BODY)
    return [
        ("genuine", secret, good, BODY, True),
        ("while a secret rotates", secret, headers_of([other, secret], "msg_1", now, BODY), BODY, True),
        ("another secret", other, good, BODY, False),
        ("another body", secret, good, BODY + b" ", False),
        ("another id", secret, {**good, "webhook-id": "msg_2"}, BODY, False),
        ("another time", secret, {**good, "webhook-timestamp": str(now - 1)}, BODY, False),
        ("too old", secret, headers_of([secret], "msg_1", now - 3_600, BODY), BODY, False),
        ("no signature", secret, {**good, "webhook-signature": ""}, BODY, False),
    ]


def test_the_python_receiver() -> None:
    room: dict[str, Any] = {}
    exec(block("python"), room)  # noqa: S102 - our own text
    for name, secret, headers, body, genuine in cases():
        assert room["is_genuine"](secret, headers, body) is genuine, name


def test_the_javascript_receiver(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here")
    module = tmp_path / "receiver.mjs"
    given = [[secret, headers, body.decode()] for _name, secret, headers, body, _genuine in cases()]
    module.write_text(
        block("javascript") + f"\nconsole.log(JSON.stringify({json.dumps(given)}.map((one) => isGenuine(...one))));\n",
        encoding="utf-8",
    )
    done = subprocess.run([node, str(module)], capture_output=True, text=True, check=True, timeout=30)
    assert json.loads(done.stdout) == [genuine for *_rest, genuine in cases()]


def test_every_event_is_in_the_guide() -> None:
    from ccmanage.notifications.catalogue import KINDS

    for name in KINDS:
        head, _, tail = name.partition(".")
        assert f"`{name}`" in GUIDE or (f"`{head}." in GUIDE and f"`.{tail}`" in GUIDE), name
