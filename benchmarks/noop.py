"""The no-op: a plain FastAPI route that reads the body and answers a constant, under our server's own options."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from uvicorn.supervisors import Multiprocess

from api.serve import _config, listen
from ccmanage.core.config import Settings, load_settings

ANSWER = {"batch_id": "bat_01jd0000000000000000000000", "received": 1, "accepted": 1, "rejected": []}


def build() -> FastAPI:
    """Build the application."""
    app = FastAPI()

    @app.post("/v1/events", status_code=202)
    async def take(request: Request) -> dict[str, Any]:
        await request.body()
        return ANSWER

    @app.get("/ready")
    async def ready() -> dict[str, Any]:
        return {}

    return app


def main(settings: Settings, port: int, processes: int) -> None:
    """Serve until SIGTERM."""
    listener = listen("127.0.0.1", port, processes)
    if processes == 1:
        uvicorn.Server(_config(settings, build())).run([listener])
    else:
        Multiprocess(_config(settings, "benchmarks.noop:build", processes=processes), [listener]).run()


if __name__ == "__main__":
    main(load_settings(), int(sys.argv[1]), int(sys.argv[2]))
