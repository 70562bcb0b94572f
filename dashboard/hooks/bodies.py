"""A hook's body: read in pieces, and held once. A push may have 25 MB."""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Self

from django.http import HttpRequest, RawPostDataException, UnreadablePostError

PIECE_BYTES = 64 * 1024
LARGE_BYTES = 1024 * 1024
_COMMITS = re.compile(rb'"commits"\s*:\s*\[')
"""Of a push, where its length lies. In a text the quotes would be escaped: it can only be a key."""


class UnreadableBody(ValueError):
    """It is not JSON."""


class Body:
    """What was sent, in the pieces in which it came."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = deque(pieces)

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        return cls(_pieces(request))

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def take(self, size: int | None = None) -> bytes:
        """The beginning, of at least so many bytes, or all; what is taken is not kept."""
        taken = bytearray()
        while self._pieces and (size is None or len(taken) < size):
            taken += self._pieces.popleft()
        return bytes(taken)

    def put_back(self, data: bytes) -> None:
        self._pieces.appendleft(data)


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
    """The body as JSON, of a large push without its commits. Raises UnreadableBody."""
    if len(body) > LARGE_BYTES:
        beginning = body.take(LARGE_BYTES)
        if (found := _before_commits(beginning)) is not None:
            return found
        body.put_back(beginning)
    try:
        return json.loads(body.take())
    except (ValueError, RecursionError) as error:
        raise UnreadableBody from error


def _before_commits(beginning: bytes) -> Any:
    """What precedes the commits, where GitHub sends everything that matters; None where it does not, and all has to be read."""
    commits = _COMMITS.search(beginning)
    if commits is None:
        return None
    try:
        return json.loads(beginning[: commits.end()] + b"]}")
    except (ValueError, RecursionError):
        return None
