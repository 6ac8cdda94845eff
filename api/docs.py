"""`/docs`: the OpenAPI document as one plain page. No script, nothing from other hosts, readable offline."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse

_STYLE_PATH = "/docs.css"
_STYLE = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace; }
details { border: 1px solid #8886; border-radius: 0.375rem; margin: 0.5rem 0; padding: 0.5rem 0.75rem; }
summary { cursor: pointer; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0; }
th, td { border-bottom: 1px solid #8884; padding: 0.25rem 0.75rem 0.25rem 0; text-align: left; vertical-align: top; }
.method { display: inline-block; min-width: 4rem; font-weight: 600; }
"""


def install(app: FastAPI) -> None:
    """Serve the page and its style."""
    page: list[str] = []

    async def docs(_request: Request) -> HTMLResponse:
        if not page:
            page.append("".join(_page(app.openapi())))
        return HTMLResponse(page[0])

    async def style(_request: Request) -> HTMLResponse:
        return HTMLResponse(_STYLE, media_type="text/css")

    app.add_route("/docs", docs, include_in_schema=False)
    app.add_route(_STYLE_PATH, style, include_in_schema=False)


def _page(document: dict[str, Any]) -> Iterator[str]:
    title = escape(document["info"]["title"])
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} API</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<link rel="stylesheet" href="{_STYLE_PATH}"></head><body><h1>{title} API</h1>'
    for paragraph in document["info"].get("description", "").strip().split("\n\n"):
        yield f"<p>{escape(paragraph)}</p>"
    yield '<p>For machines: <a href="/openapi.json">openapi.json</a></p>'
    for tag, operations in _by_tag(document).items():
        yield f"<h2>{escape(tag)}</h2>"
        for path, method, operation in operations:
            yield from _operation(path, method, operation)
    yield "<h2>Bodies</h2>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f'<details id="{escape(name)}"><summary><code>{escape(name)}</code>'
        yield f" {escape(schema.get('description', ''))}</summary>{_fields(schema)}</details>"
    yield "</body></html>"


def _by_tag(document: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    found: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation.get("tags", ["other"])[0], []).append((path, method, operation))
    return found


def _operation(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f'<details id="{escape(operation["operationId"])}"><summary><span class="method">{method.upper()}</span>'
    yield f"<code>{escape(path)}</code></summary><p>{escape(operation.get('description', ''))}</p>"
    rows = [
        (parameter["name"], parameter["in"], _type(parameter["schema"]), parameter.get("description", ""))
        for parameter in operation.get("parameters", [])
    ]
    if rows:
        yield _table(("parameter", "in", "type", ""), rows)
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body: {_type(content['schema'])} as <code>{escape(media_type)}</code></p>"
    yield _table(
        ("status", "answer", ""),
        [
            (status, " ".join(_type(content["schema"]) for content in answer.get("content", {}).values()), said)
            for status, answer in operation["responses"].items()
            for said in [answer["description"]]
        ],
    )
    yield "</details>"


def _fields(schema: dict[str, Any]) -> str:
    needed = set(schema.get("required", []))
    rows = [
        (name, _type(field), "required" if name in needed else "", field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    ]
    return _table(("field", "type", "", ""), rows) if rows else _type(schema)


class _Html(str):
    """Text that is HTML already."""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return _Html(f'<a href="#{name}"><code>{name}</code></a>')
    if "anyOf" in schema:
        return _Html(" or ".join(str(_type(part)) for part in schema["anyOf"]))
    if schema.get("type") == "array":
        return _Html(f"list of {_type(schema.get('items', {}))}")
    words = schema.get("enum") or [schema.get("const") or schema.get("format") or schema.get("type", "any")]
    return _Html(f"<code>{escape(' | '.join(map(str, words)))}</code>")


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{cell if isinstance(cell, _Html) else escape(cell)}</td>' for cell in row)}</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
