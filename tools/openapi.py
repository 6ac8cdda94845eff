"""Writes frontend/openapi.json, the document that the portal's types are made from: `python -m tools.openapi`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "frontend" / "openapi.json"


def document() -> str:
    """Return the document as the API itself serves it, in a stable form; no environment has a part in it."""
    from api.main import build
    from ccmanage.adapters.dramatiq_queue import SilentQueue
    from ccmanage.bootstrap import Runtime
    from ccmanage.core.config import Settings

    settings = Settings(
        _env_file=None,
        database_url="sqlite:///unused.db",  # never opened
        secret_keys=("0" * 32,),
        encryption_keys=("0" * 32,),
        key_pepper="0" * 32,
        trusted_proxies=(),
        allowed_hosts=(),
    )
    runtime = Runtime(settings, SilentQueue())
    app: Any = build(runtime)
    content = app.openapi()
    runtime.close()
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    OUTPUT.write_text(document(), encoding="utf-8")
