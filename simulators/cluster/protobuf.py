"""The little protobuf that newer kubectls insist on: reviews, namespaces and secrets.

The envelope is k8s.io/apimachinery/pkg/runtime/generated.proto's Unknown behind four magic bytes; the field numbers
are those of authorization/v1, authentication/v1 and core/v1 generated.proto.
"""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from simulators.cluster.errors import bad_request, unsupported_media_type
from simulators.cluster.kinds import Json

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_Schema = dict[int, tuple[str, Any]]
_METADATA: _Schema = {1: ("name", str), 2: ("generateName", str), 3: ("namespace", str)}
_ATTRIBUTES: _Schema = {
    place: (name, str)
    for place, name in enumerate(
        ("namespace", "verb", "group", "version", "resource", "subresource", "name"), 1
    )
}
_PATHS: _Schema = {1: ("path", str), 2: ("verb", str)}
_ACCESS: _Schema = {1: ("resourceAttributes", _ATTRIBUTES), 2: ("nonResourceAttributes", _PATHS)}
_ENTRY: _Schema = {1: ("key", str), 2: ("value", bytes)}
"""Of a map from names to bytes, which repeats this field."""
_KINDS: dict[str, _Schema] = {
    "Namespace": {1: ("metadata", _METADATA)},
    "Secret": {1: ("metadata", _METADATA), 2: ("data", _ENTRY), 3: ("type", str)},
    "SelfSubjectAccessReview": {1: ("metadata", _METADATA), 2: ("spec", _ACCESS)},
    "SelfSubjectReview": {1: ("metadata", _METADATA)},
}


def _number(raw: bytes, place: int) -> tuple[int, int]:
    """A varint and the place after it."""
    value = shift = 0
    while True:
        byte = raw[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _fields(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """The number and the bytes of every length-delimited field; numbers are skipped."""
    place = 0
    while place < len(raw):
        tag, place = _number(raw, place)
        if tag & 7 == 0:
            _, place = _number(raw, place)
        elif tag & 7 == 2:
            length, place = _number(raw, place)
            yield tag >> 3, raw[place : place + length]
            place += length
        else:
            raise bad_request("couldn't get version/kind; proto: illegal wireType")


def _message(raw: bytes, schema: _Schema) -> Json:
    made: Json = {}
    for number, content in _fields(raw):
        if number in schema:
            name, inner = schema[number]
            if inner is _ENTRY:
                entry = dict(_fields(content))
                made.setdefault(name, {})[entry[1].decode()] = b64encode(entry.get(2, b"")).decode()
            elif content:
                made[name] = content.decode() if inner is str else _message(content, inner)
    return made


def decode(body: bytes) -> Json:
    """The object as JSON would spell it; raises 400, or 415 for a kind that is spoken in JSON only."""
    if not body.startswith(_MAGIC):
        raise bad_request(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    try:
        envelope = dict(_fields(body[len(_MAGIC) :]))
        types = _message(envelope[1], {1: ("apiVersion", str), 2: ("kind", str)})
        schema = _KINDS.get(types.get("kind", ""))
        if schema is None:
            raise unsupported_media_type(("application/json",))
        return types | _message(envelope.get(2, b""), schema)
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise bad_request("couldn't get version/kind; proto: unexpected end") from error
