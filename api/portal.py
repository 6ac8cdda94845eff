"""The built portal at `/`. Unknown addresses below `/v1` never get a page."""

from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

STATIC = Path(__file__).parent / "static"

# Vite puts a hash of the content into the names of what lies here, so it never changes.
_HASHED = "assets/"
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class Portal:
    """Serves files, and the page for every address that a browser navigates to."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._files = StaticFiles(directory=folder, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what no route answered; raises a 404 for everything that is not the portal's."""
        if scope["type"] != "http" or scope["path"].startswith("/v1") or scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(404)
        answer = await self._answer(scope)
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        path = self._files.get_path(scope)
        if path != ".":
            try:
                found = await self._files.get_response(path, scope)
            except HTTPException as error:
                if error.status_code != 404 or not _is_navigation(scope):
                    raise HTTPException(404) from None
            else:
                found.headers["Cache-Control"] = _FOR_EVER if path.startswith(_HASHED) else _ASK_AGAIN
                return found
        page = self._folder / "index.html"
        if not page.is_file():
            return PlainTextResponse("The portal is not built yet. The API is at /docs.", 404)
        return FileResponse(page, headers={"Cache-Control": _ASK_AGAIN})


def _is_navigation(scope: Scope) -> bool:
    """Tell whether a browser asks for a page, as opposed to a script that asks for a file."""
    name = scope["path"].rpartition("/")[2]
    return "." not in name and "text/html" in Headers(scope=scope).get("accept", "")
