"""Writes frontend/openapi.json, the document that the portal's types are made from: `python -m tools.openapi`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "frontend" / "openapi.json"


def document() -> str:
    """Return the document as the API itself serves it, in a stable form."""
    from api.main import build
    from ccmanage.adapters.dramatiq_queue import open_queue
    from ccmanage.bootstrap import Runtime
    from ccmanage.core.config import load_settings

    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(embedded=True, data_dir=Path(folder), database_url="")
        runtime = Runtime(settings, open_queue(""))
        app: Any = build(runtime)
        content = app.openapi()
        runtime.close()
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    OUTPUT.write_text(document(), encoding="utf-8")
