"""CloudEvents 1.0 in JSON: the event is in `data`; a missing id or time in it comes from the envelope."""

from typing import Any

import msgspec

from ccmanage.usage.errors import EventRejected, MalformedPost

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def unwrap(item: bytes) -> bytes:
    """Return the event in an envelope as JSON; raises EventRejected, MalformedPost."""
    try:
        envelope = _decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedPost(str(error)) from None
    if not isinstance(envelope, dict) or envelope.get("specversion") != "1.0":
        raise EventRejected("cloudevent.specversion", "A CloudEvent has specversion 1.0.", pointer="/specversion")
    for name in ("id", "source", "type"):
        if not isinstance(envelope.get(name), str) or not envelope[name]:
            raise EventRejected(f"cloudevent.{name}_missing", f"A CloudEvent needs `{name}`.", pointer=f"/{name}")
    data = envelope.get("data")
    if not isinstance(data, dict):
        raise EventRejected("cloudevent.data_missing", "`data` holds the usage event, a JSON object.", pointer="/data")
    if envelope.get("datacontenttype") not in (None, "application/json"):
        raise EventRejected("cloudevent.data_type", "datacontenttype is application/json.", pointer="/datacontenttype")
    return _encode({**data, **_from_envelope(envelope, data)})


def _from_envelope(envelope: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    taken: dict[str, Any] = {}
    for name in ("id", "time"):
        outer, inner = envelope.get(name), data.get(name)
        if inner is None:
            taken[name] = outer
        elif outer is not None and outer != inner:
            raise EventRejected(
                f"cloudevent.{name}_mismatch", f"`{name}` differs between envelope and data.", pointer=f"/data/{name}"
            )
    return taken
