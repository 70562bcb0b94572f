"""A hook that is refused."""

from http import HTTPStatus


class Refused(Exception):
    """The sentence says why; `has_asked` where that took a statement already, and no other may be spent on it."""

    def __init__(
        self, message: str, *, status: HTTPStatus = HTTPStatus.UNAUTHORIZED, has_asked: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.has_asked = status, has_asked
