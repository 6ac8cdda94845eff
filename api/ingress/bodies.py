"""From bytes on the wire to the items of a post: length, encoding, content type, envelope."""

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ccmanage.usage import cloudevents
from ccmanage.usage.errors import BodyTooLarge, MalformedPost, UnsupportedBody
from ccmanage.usage.intake import Post, Rules, read_items, read_json, split_array, split_lines

MAX_BYTES = 8 << 20

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientGone(Exception):
    """The client went away in the middle of its body: there is nobody to answer."""


async def read_body(receive: Receive) -> bytes:
    """Return the whole body; raises BodyTooLarge as soon as it is too long, ClientGone."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if len(body) > MAX_BYTES:
            raise BodyTooLarge
        return body
    parts, size = [body], len(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BYTES:
            raise BodyTooLarge
    return b"".join(parts)


def decode_body(body: bytes, encoding: str) -> bytes:
    """Undo the content encoding, never making more than the limit; raises BodyTooLarge, MalformedPost."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise UnsupportedBody("Content-Encoding is gzip or identity. Nothing was stored.")
    parts, size = [], 0
    while body:
        inflater = zlib.decompressobj(31)
        try:
            part = inflater.decompress(body, MAX_BYTES + 1 - size)
        except zlib.error as error:
            raise MalformedPost(f"the gzip data is broken ({error})") from None
        size += len(part)
        if size > MAX_BYTES or inflater.unconsumed_tail:
            raise BodyTooLarge
        if not inflater.eof:
            raise MalformedPost("the gzip data ends too early")
        parts.append(part)
        body = inflater.unused_data
    return b"".join(parts)


def read_post(body: bytes, content_type: str, rules: Rules) -> Post:
    """Read the items in the form that the content type names; raises UnsupportedBody and what intake raises."""
    kind, _, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if "charset=" in charset and "charset=utf-8" not in charset and "charset=us-ascii" not in charset:
        raise UnsupportedBody("JSON is sent as UTF-8. Nothing was stored.")
    if kind == "application/json":
        return read_json(body, rules)
    if kind in ("application/x-ndjson", "application/ndjson", "application/jsonl"):
        return read_items(split_lines(body), rules)
    if kind == "application/cloudevents+json":
        return read_items([body], rules, cloudevents.unwrap)
    if kind == "application/cloudevents-batch+json":
        return read_items(split_array(body), rules, cloudevents.unwrap)
    raise UnsupportedBody(
        "Send application/json, application/x-ndjson, application/cloudevents+json or"
        " application/cloudevents-batch+json. Nothing was stored."
    )
