"""How much of one HTTP/1.1 request has arrived: read as far as to know its end, and no further. Whether it is sound gunicorn judges.

https://www.rfc-editor.org/rfc/rfc9112#name-message-body-length
"""

from enum import Enum, auto

from dashboard.body_limits import largest_body

LARGEST_HEAD = 64 * 1024
"""Bytes: gunicorn's own limits, a hundred fields of 8 KiB each, are for other sites than ours."""
HOOKS = b"/hooks/"
_END = b"\r\n\r\n"
_LONGEST_CHUNK_HEAD = 1024


def _is_number(text: bytes) -> bool:
    return text.isdigit() and len(text) <= len(str(2**63))


class Progress(Enum):
    PARTIAL = auto()
    WHOLE = auto()
    """Or so wrong that gunicorn refuses it, whatever comes behind."""
    LARGE_HEAD = auto()
    LARGE_BODY = auto()


class Arrival:
    """One request, in the order in which its bytes come; what comes behind it is kept, too."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.wants_continue = False
        """It sends its body when the server agrees: `Expect: 100-continue`."""
        self.is_hook = False
        """Sent by a machine, which can wait while people are served."""
        self._body_at = 0
        """Where the body begins; 0 until the head is there."""
        self._limit = 0
        self._length: int | None = None
        """Of the body; None where it comes in chunks."""
        self._chunk_at = 0
        self._decoded = 0

    @property
    def has_head(self) -> bool:
        return bool(self._body_at)

    def feed(self, data: bytes) -> Progress:
        """Take what has come; say how far that is."""
        searched = max(len(self.data) - len(_END), 0)
        self.data += data
        if not self._body_at:
            end = self.data.find(_END, searched)
            if max(end, len(self.data) if end < 0 else 0) > LARGEST_HEAD:
                return Progress.LARGE_HEAD
            if end < 0:
                return Progress.PARTIAL
            if not self._read_head(end):
                return Progress.WHOLE
        return self._chunks() if self._length is None else self._counted(self._length)

    def _read_head(self, end: int) -> bool:
        """Find out how the body is framed; False where that is for gunicorn to refuse."""
        request_line, *lines = bytes(self.data[:end]).split(b"\r\n")
        fields = [
            (name.strip().lower(), value.strip())
            for name, _, value in (line.partition(b":") for line in lines)
        ]
        lengths = [value for name, value in fields if name == b"content-length"]
        is_chunked = any(name == b"transfer-encoding" for name, _ in fields)
        self._body_at = self._chunk_at = end + len(_END)
        if len(lengths) + is_chunked > 1 or not all(map(_is_number, lengths)):
            return False
        self._length = None if is_chunked else int(lengths[0]) if lengths else 0
        (target,) = request_line.split(b" ")[1:2] or [b""]
        self.is_hook = target.startswith(HOOKS)
        self._limit = largest_body(target.decode("latin-1"))
        self.wants_continue = (b"expect", b"100-continue") in [
            (name, value.lower()) for name, value in fields
        ]
        return True

    def _counted(self, length: int) -> Progress:
        if length > self._limit:
            return Progress.LARGE_BODY
        return Progress.WHOLE if len(self.data) - self._body_at >= length else Progress.PARTIAL

    def _chunks(self) -> Progress:
        while True:
            line_end = self.data.find(b"\r\n", self._chunk_at, self._chunk_at + _LONGEST_CHUNK_HEAD)
            if line_end < 0:
                is_none = len(self.data) - self._chunk_at >= _LONGEST_CHUNK_HEAD
                return Progress.WHOLE if is_none else Progress.PARTIAL
            try:
                size = int(self.data[self._chunk_at : line_end].partition(b";")[0], 16)
            except ValueError:
                return Progress.WHOLE
            if size <= 0:
                return self._trailer(line_end)
            # Chunks of one byte each take six: what they are wrapped in counts a little, too.
            if self._decoded + size > self._limit or len(self.data) > 2 * self._limit + LARGEST_HEAD:
                return Progress.LARGE_BODY
            following = line_end + 2 + size + 2
            if len(self.data) < following:
                return Progress.PARTIAL
            self._chunk_at, self._decoded = following, self._decoded + size

    def _trailer(self, line_end: int) -> Progress:
        if self.data.find(_END, line_end) >= 0:
            return Progress.WHOLE
        return Progress.LARGE_HEAD if len(self.data) - line_end > LARGEST_HEAD else Progress.PARTIAL
