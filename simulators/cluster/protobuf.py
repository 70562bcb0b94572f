"""The little protobuf that newer kubectls insist on: reviews, namespaces, Secrets and Jobs.

The envelope is k8s.io/apimachinery/pkg/runtime/generated.proto's Unknown behind four magic bytes; the field numbers
are those of authorization/v1, authentication/v1 and core/v1 generated.proto.
"""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from simulators.cluster.errors import bad_request, unsupported_media_type
from simulators.cluster.kinds import Json
from simulators.cluster.protobuf_schemas import JOB, QUANTITY, Each, Map, Schema, Whole

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_METADATA: Schema = {1: ("name", str), 2: ("generateName", str), 3: ("namespace", str)}
_ATTRIBUTES: Schema = {
    place: (name, str)
    for place, name in enumerate(
        ("namespace", "verb", "group", "version", "resource", "subresource", "name"), 1
    )
}
_PATHS: Schema = {1: ("path", str), 2: ("verb", str)}
_ACCESS: Schema = {1: ("resourceAttributes", _ATTRIBUTES), 2: ("nonResourceAttributes", _PATHS)}
_KINDS: dict[str, Schema] = {
    "Namespace": {1: ("metadata", _METADATA)},
    "Secret": {1: ("metadata", _METADATA), 2: ("data", Map(bytes)), 3: ("type", str)},
    "SelfSubjectAccessReview": {1: ("metadata", _METADATA), 2: ("spec", _ACCESS)},
    "SelfSubjectReview": {1: ("metadata", _METADATA)},
    "Job": JOB,
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


def _fields(raw: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The number and the content of every field: bytes where its length is given, else a whole number."""
    place = 0
    while place < len(raw):
        tag, place = _number(raw, place)
        if tag & 7 == 0:
            value, place = _number(raw, place)
            yield tag >> 3, value
        elif tag & 7 == 2:
            length, place = _number(raw, place)
            yield tag >> 3, raw[place : place + length]
            place += length
        else:
            raise bad_request("couldn't get version/kind; proto: illegal wireType")


def _message(raw: bytes, schema: Schema) -> Json:
    made: Json = {}
    for number, content in _fields(raw):
        if number not in schema and isinstance(schema, Whole):
            raise unsupported_media_type(("application/json",))
        name, kind = schema.get(number) or ("", None)
        if isinstance(kind, Each):
            made.setdefault(name, []).append(_value(content, kind.kind))
        elif isinstance(kind, Map):
            entry = _message(_bytes(content), {1: ("key", str), 2: ("value", kind.kind)})
            made.setdefault(name, {})[entry.get("key", "")] = entry.get("value", "")
        elif kind is not None and (value := _value(content, kind)) != "":
            # Go writes a text that nobody has set as an empty one.
            made[name] = value
    return made


def _bytes(content: bytes | int) -> bytes:
    if isinstance(content, int):
        raise bad_request("couldn't get version/kind; proto: wrong wireType")
    return content


def _value(content: bytes | int, kind: Any) -> Any:
    if kind in (int, bool):
        return kind(content)
    if kind is bytes:
        return b64encode(_bytes(content)).decode()
    if kind is str:
        return _bytes(content).decode()
    made = _message(_bytes(content), kind)
    return made.get("string", "0") if kind is QUANTITY else made


def decode(body: bytes) -> Json:
    """The object as JSON would spell it; raises 400, or 415 for a kind that is spoken in JSON only."""
    if not body.startswith(_MAGIC):
        raise bad_request(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    try:
        envelope = dict(_fields(body[len(_MAGIC) :]))
        types = _message(_bytes(envelope[1]), {1: ("apiVersion", str), 2: ("kind", str)})
        schema = _KINDS.get(types.get("kind", ""))
        if schema is None:
            raise unsupported_media_type(("application/json",))
        return types | _message(_bytes(envelope.get(2, b"")), schema)
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise bad_request("couldn't get version/kind; proto: unexpected end") from error
