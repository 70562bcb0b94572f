"""When a request is whole: a thread gets no other."""

import pytest

from dashboard.arrival import LARGEST_HEAD, Arrival, Progress
from dashboard.body_limits import LARGEST_BODY, LARGEST_HOOK, LARGEST_MESSAGE

HEAD = b"POST /login/ HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def fed(*parts: bytes) -> Progress:
    arrival = Arrival()
    return [arrival.feed(part) for part in parts][-1]


@pytest.mark.parametrize(
    "whole",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        HEAD + b"Content-Length: 3\r\n\r\na=b",
        HEAD + b"content-length:0\r\n\r\n",
        CHUNKED + b"3\r\na=b\r\n0\r\n\r\n",
        CHUNKED + b"1;x=y\r\na\r\n2\r\n=b\r\n0\r\nTrailer: x\r\n\r\n",
        CHUNKED + b"0\r\n\r\n",
    ],
)
def test_a_request_is_whole_at_its_last_byte_and_not_before(whole: bytes) -> None:
    arrival = Arrival()

    progress = [arrival.feed(whole[index : index + 1]) for index in range(len(whole))]

    assert set(progress[:-1]) == {Progress.PARTIAL}
    assert progress[-1] is Progress.WHOLE
    assert fed(whole) is fed(whole + b"GET /next HTTP/1.1\r\n") is Progress.WHOLE


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: \xb2\r\n\r\n",
        b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 2000,
    ],
)
def test_what_is_framed_wrongly_is_left_to_gunicorn_at_once(head: bytes) -> None:
    assert fed(HEAD + head) is Progress.WHOLE


@pytest.mark.parametrize(
    ("path", "length", "progress"),
    [
        ("/login/", LARGEST_BODY, Progress.PARTIAL),
        ("/login/", LARGEST_BODY + 1, Progress.LARGE_BODY),
        ("/login/?next=/hooks/", LARGEST_BODY + 1, Progress.LARGE_BODY),
        ("/Hooks/", LARGEST_BODY + 1, Progress.LARGE_BODY),
        ("/hooks/github", LARGEST_BODY + 1, Progress.PARTIAL),
        ("/hooks/github", LARGEST_HOOK + 1, Progress.LARGE_BODY),
        ("/hooks/github?a=b", LARGEST_HOOK, Progress.PARTIAL),
        ("/hooks/google", LARGEST_MESSAGE, Progress.PARTIAL),
        ("/hooks/google", LARGEST_MESSAGE + 1, Progress.LARGE_BODY),
        ("/hooks/github/", LARGEST_BODY + 1, Progress.LARGE_BODY),
        ("/hooks/actions", LARGEST_BODY + 1, Progress.LARGE_BODY),
    ],
)
def test_a_body_that_says_that_it_is_too_large_is_refused_before_it_comes(
    path: str, length: int, progress: Progress
) -> None:
    assert fed(f"POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode()) is progress


@pytest.mark.parametrize(
    ("path", "is_hook"),
    [("/hooks/github", True), ("/hooks/google?a=b", True), ("/login/?next=/hooks/", False), ("/", False)],
)
def test_a_hook_is_known_by_its_path(path: str, is_hook: bool) -> None:
    arrival = Arrival()

    arrival.feed(f"POST {path} HTTP/1.1\r\nContent-Length: 0\r\n\r\n".encode())

    assert arrival.is_hook is is_hook


def test_chunks_are_counted_as_they_come() -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    arrival = Arrival()
    arrival.feed(CHUNKED)

    progress = [arrival.feed(chunk) for _ in range(17)]

    assert progress == [Progress.PARTIAL] * 16 + [Progress.LARGE_BODY]


@pytest.mark.parametrize("chunk", [b"1;" + b"x" * 900 + b"\r\na\r\n", b"7fffffffffffffff\r\n"])
def test_nothing_is_kept_forever_for_what_chunks_are_wrapped_in(chunk: bytes) -> None:
    assert fed(CHUNKED + chunk * 3000) is Progress.LARGE_BODY


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\r\nX: ", CHUNKED + b"0\r\nX: "])
def test_a_head_without_an_end_is_refused(head: bytes) -> None:
    assert fed(head + b"x" * LARGEST_HEAD, b"x") is Progress.LARGE_HEAD


def test_a_client_that_waits_for_100_continue_gets_it_once_the_head_is_there() -> None:
    arrival = Arrival()

    arrival.feed(HEAD + b"Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n")

    assert arrival.wants_continue
