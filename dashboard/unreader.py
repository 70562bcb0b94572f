"""What has arrived of a connection, given to gunicorn piece by piece: it is held once, and less of it with each piece that is read.

gunicorn's own buffer copies all that is left whenever a piece is taken: a push of 25 MB would be there three times.
"""

from typing import Any

from gunicorn.http.unreader import Unreader

PIECE_BYTES = 64 * 1024


class Arrived(Unreader):  # type: ignore[misc]  # gunicorn is not typed
    """Takes over `data`, whose beginning a bytearray gives away without moving the rest."""

    def __init__(self, data: bytearray) -> None:
        self._data = data

    @property
    def buf(self) -> "Arrived":
        """By which gunicorn's worker asks whether something is left."""
        return self

    def getvalue(self) -> bytearray:
        return self._data

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the end of what there is: gunicorn is given whole requests."""
        return b""

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """Return as many bytes, fewer only where no more are there; without a size, the next piece."""
        if not isinstance(size, int | None):
            raise TypeError("A size is a whole number.")
        if size is None or size < 0:
            size = PIECE_BYTES
        with memoryview(self._data) as view:
            piece = bytes(view[:size])
        del self._data[:size]
        return piece

    def unread(self, data: Any) -> None:
        self._data[:0] = data

    def take_buffered(self) -> bytes:
        return self.read(len(self._data))
