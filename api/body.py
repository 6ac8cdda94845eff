"""JSON, read strictly: UTF-8, finite numbers, whole characters, no member twice, no endless nesting."""

import json
import math
from typing import Any

from starlette.requests import Request

from api.errors import MalformedBody, UnsupportedMediaType

_MAX_DEPTH = 20


class StrictRequest(Request):
    """A request whose JSON is read strictly."""

    async def json(self) -> Any:
        """Return the body as it was checked; the check itself ran before the endpoint."""
        return self._json

    async def read_json(self) -> None:
        """Read the body as JSON if there is one; raises MalformedBody and UnsupportedMediaType."""
        body = await self.body()
        if not body:
            return
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
        self._json = parse_json(body)


def parse_json(body: bytes) -> Any:
    """Parse a JSON document; raises MalformedBody, whatever is wrong with it."""
    try:
        text = body.decode("utf-8")
        value = json.loads(text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite)
        _check_depth(value)
        if "\\u" in text:
            # Half of a surrogate pair cannot be stored or sent on.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedBody("The body holds half of a character (a lone surrogate).") from None
    except UnicodeDecodeError:
        raise MalformedBody("The body is not UTF-8.") from None
    except (ValueError, RecursionError):
        raise MalformedBody("The body is not JSON that can be read.") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedBody("A member appears twice in one object.")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedBody("Numbers are finite in JSON.")
    return number


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise MalformedBody(f"The body is nested deeper than {_MAX_DEPTH} levels.")
