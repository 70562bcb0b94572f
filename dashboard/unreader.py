"""A connection's received bytes, given to gunicorn in pieces: held only once, and freed as they are read.

gunicorn's own buffer copies all that is left whenever a piece is taken: a push of 25 MB would be there three times.
"""

from collections import deque

from gunicorn.http.unreader import Unreader

PIECE_BYTES = 64 * 1024


class Arrived(Unreader):  # type: ignore[misc]  # gunicorn is not typed
    """Takes over `data`, of which nothing is left."""

    def __init__(self, data: bytearray) -> None:
        self._pieces = deque[bytes]()
        # From its end, where a bytearray becomes shorter without being copied.
        while data:
            self._pieces.appendleft(bytes(data[-PIECE_BYTES:]))
            del data[-PIECE_BYTES:]

    @property
    def buf(self) -> "Arrived":
        """By which gunicorn's worker asks whether something is left."""
        return self

    def getvalue(self) -> bytes:
        return self._pieces[0] if self._pieces else b""

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the end of what there is: gunicorn is given whole requests."""
        return b""

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """Return as many bytes, fewer only where no more are there; without a size, the next piece."""
        if not isinstance(size, int | None):
            raise TypeError("A size is a whole number.")
        if size is None or size < 0:
            return self._pieces.popleft() if self._pieces else b""
        taken = bytearray()
        while self._pieces and len(taken) < size:
            piece = self._pieces.popleft()
            wanted = size - len(taken)
            taken += piece[:wanted]
            self.unread(piece[wanted:])
        return bytes(taken)

    def unread(self, data: bytes) -> None:
        if data:
            self._pieces.appendleft(bytes(data))

    def take_buffered(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), deque()
        return taken
