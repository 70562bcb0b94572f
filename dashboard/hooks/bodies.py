"""A hook's body: read in pieces, and held once. A push may have 25 MB."""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Self

import ijson
from django.http import HttpRequest, RawPostDataException, UnreadablePostError

PIECE_BYTES = 64 * 1024
_SCALARS = {"string", "boolean"}


class UnreadableBody(ValueError):
    """It is no JSON, or not the JSON that was expected."""


class Body:
    """What was sent. Each piece is given away once: so nothing of it is there twice while it is parsed."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = deque(pieces)

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        return cls(_pieces(request))

    def __iter__(self) -> Iterator[bytes]:
        """All of it, which stays."""
        return iter(self._pieces)

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def read(self, size: int = -1) -> bytes:
        """The next piece, whatever its size; what ijson reads from."""
        return self._pieces.popleft() if size and self._pieces else b""

    def take(self) -> bytes:
        """All that is left."""
        pieces, self._pieces = self._pieces, deque()
        return b"".join(pieces)


def _pieces(request: HttpRequest) -> Iterator[bytes]:
    """As they come; a form's body is there already, since the form was read."""
    if getattr(request, "_read_started", False):
        try:
            yield request.body
        except RawPostDataException as error:
            raise UnreadableBody from error
        return
    while True:
        try:
            piece = request.read(PIECE_BYTES)
        except UnreadablePostError as error:
            raise UnreadableBody from error
        if not piece:
            return
        yield piece


def json_in(body: Body) -> Any:
    """The body as JSON. Raises UnreadableBody."""
    try:
        return json.loads(body.take())
    except (ValueError, RecursionError) as error:
        raise UnreadableBody from error


def fields_in(body: Body, *, wanted: Iterable[str], deepest: int) -> dict[str, list[Any]]:
    """The texts and truth values that stand at these paths (`repository.full_name`, a list's items as `item`). Raises UnreadableBody."""
    paths, found = frozenset(wanted), dict[str, list[Any]]()
    path: list[str] = []
    is_object = False
    try:
        for event, value in ijson.basic_parse(body):
            if event == "map_key":
                path[-1] = value
            elif event in {"start_map", "start_array"}:
                is_object = is_object or (event == "start_map" and not path)
                path.append("item" if event == "start_array" else "")
            elif event in {"end_map", "end_array"}:
                path.pop()
            elif event in _SCALARS and len(path) <= deepest and (name := ".".join(path)) in paths:
                found.setdefault(name, []).append(value)
    except (ijson.JSONError, ValueError, OverflowError) as error:
        raise UnreadableBody from error
    if not is_object:
        raise UnreadableBody
    return found
