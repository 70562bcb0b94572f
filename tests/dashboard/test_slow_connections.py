"""Real connections to a real gunicorn: slow ones stop nobody, and end; what is too large is refused."""

import signal
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from time import monotonic

import pytest
import requests
from django.db import connection, transaction

from dashboard.body_limits import LARGEST_BODY
from dashboard.gunicorn_worker import HOOKS_AT_ONCE
from tests.processes import Running, environment, eventually, free_port

MANY = 200
"""More than there are threads, a dozen times over."""
SOON = 8
"""Seconds, on a machine that does much else. gunicorn's own threads take a minute, or never answer."""
HEAD = b"POST /welcome/ HTTP/1.1\r\nHost: localhost\r\n"
LARGE = b"GET /static/admin/js/vendor/jquery/jquery.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOW = {
    "say nothing": b"",
    "send half a head": b"GET /healthz HTTP/1.1\r\nHost: loc",
    "send half a body": HEAD
    + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\ncode=",
    "send half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\ncode=",
    "do not hang up": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "stay": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
}

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("django_db_setup")]


@contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[int, Running]]:
    """Serve with DEBUG, which finds static files where they lie: nothing has to be collected for a test."""
    port = free_port()
    web = [
        "gunicorn",
        "dashboard.wsgi",
        "--config",
        "python:dashboard.gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    command = [sys.executable, "-m", *web, *options]
    with Running(command, environment(folder, DEBUG="true"), log=folder / "log") as process:
        assert eventually(lambda: answers(port), seconds=60), process.message
        yield port, process


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=SOON).status_code == HTTPStatus.OK
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def port(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with served(
        tmp_path_factory.mktemp("web"), "--worker-class", "tests.dashboard.impatient_worker.Narrow"
    ) as (listening, _):
        yield listening


@pytest.fixture(scope="module")
def impatient(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    worker = ("--worker-class", "tests.dashboard.impatient_worker.Impatient")
    with served(tmp_path_factory.mktemp("impatient"), *worker) as (listening, _):
        yield listening


@contextmanager
def connections(port: int, number: int, message: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        found = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(number)]
        for each in found:
            each.sendall(message)
        yield found


def read_all(connection: socket.socket, *, seconds: float = SOON) -> bytes:
    """Return what comes until the other side ends."""
    connection.settimeout(seconds)
    found = b""
    while part := connection.recv(65_536):
        found += part
    return found


def ask(port: int, message: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(message)
        return read_all(connection)


@pytest.mark.parametrize("message", SLOW.values(), ids=SLOW)
def test_slow_connections_stop_no_page_and_no_probe(port: int, message: bytes) -> None:
    with connections(port, MANY, message):
        statuses = [
            requests.get(f"http://127.0.0.1:{port}{path}", timeout=SOON).status_code
            for path in ("/healthz", "/readyz", "/welcome/")
        ]

    assert statuses == [200, 200, 200]


def test_who_reads_no_answer_stops_nobody(port: int) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", port))
            reader.sendall(LARGE * 20)

        statuses = [
            requests.get(f"http://127.0.0.1:{port}{path}", timeout=SOON).status_code
            for path in ("/healthz", "/welcome/")
        ]

    assert statuses == [200, 200]


def test_answers_that_wait_for_their_reader_arrive_whole(port: int) -> None:
    last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    found = ask(port, LARGE * 30 + last)

    assert found.count(b"HTTP/1.1 200 OK\r\n") == 31
    assert found.count(b"jQuery JavaScript Library v") == 30
    assert found.endswith(b"alive\n\r\n0\r\n\r\n")


def test_who_never_reads_is_ended(impatient: int) -> None:
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", impatient))
        reader.sendall(LARGE * 20)

        assert eventually(lambda: is_ended(reader), seconds=SOON)


def is_ended(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"x")
    except OSError:
        return True
    return False


@pytest.mark.parametrize(
    ("message", "answer"),
    [(b"", b""), (SLOW["send half a head"], b"HTTP/1.1 408 "), (SLOW["send half a body"], b"HTTP/1.1 408 ")],
)
def test_what_takes_too_long_to_arrive_is_ended(impatient: int, message: bytes, answer: bytes) -> None:
    begun = monotonic()

    found = ask(impatient, message)

    assert found.startswith(answer)
    assert bool(found) is bool(answer)
    assert monotonic() - begun < SOON


def test_a_byte_now_and_then_moves_no_deadline(impatient: int) -> None:
    begun = monotonic()
    with socket.create_connection(("127.0.0.1", impatient)) as connection:
        connection.settimeout(0.1)
        found = b""
        while not found and monotonic() - begun < SOON:
            connection.sendall(b"G")
            try:
                found = connection.recv(100)
            except TimeoutError:
                continue

    assert found.startswith(b"HTTP/1.1 408 ")


def test_a_request_in_many_pieces_is_answered(port: int) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(whole)):
            connection.sendall(whole[index : index + 1])

        assert read_all(connection).endswith(b"alive\n\r\n0\r\n\r\n")


def test_a_connection_is_kept_for_the_next_request(port: int) -> None:
    with requests.Session() as session:
        texts = [session.get(f"http://127.0.0.1:{port}/healthz", timeout=SOON).text for _ in range(3)]
        kept = len(session.get_adapter("http://").poolmanager.pools.keys())

    assert (texts, kept) == (["alive\n"] * 3, 1)


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize("path", ["/welcome/", "/healthz", "/no/such/page"])
def test_a_body_above_the_limit_is_refused_with_a_sentence(port: int, path: str, is_chunked: bool) -> None:
    body = b"x" * (LARGEST_BODY + 1)
    sent = iter([body[:1000], body[1000:]]) if is_chunked else body

    answer = requests.post(f"http://127.0.0.1:{port}{path}", data=sent, timeout=SOON)

    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "more than Headway reads" in answer.text


def test_a_form_in_chunks_is_read(port: int) -> None:
    with requests.Session() as session:
        page = session.get(f"http://127.0.0.1:{port}/welcome/", timeout=SOON).text
        token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        form = f"csrfmiddlewaretoken={token}&code=wrong&username=ada".encode()

        answer = session.post(
            f"http://127.0.0.1:{port}/welcome/",
            data=iter([form[:30], form[30:]]),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            timeout=SOON,
        )

    assert (answer.status_code, "This is not the code" in answer.text) == (200, True)


def test_a_client_that_waits_for_100_continue_gets_it(port: int) -> None:
    head = HEAD + b"Expect: 100-continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(SOON)
        connection.sendall(head)
        stated = connection.recv(100)
        connection.sendall(b"x")
        answer = read_all(connection)

    assert stated == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b"HTTP/1.1 403 " in answer


@pytest.mark.parametrize(
    "message",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        HEAD + b"Content-Length: x\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_harms_nobody(impatient: int, message: bytes) -> None:
    ask(impatient, message)

    assert answers(impatient)


def test_many_ask_at_once(port: int) -> None:
    with ThreadPoolExecutor(20) as pool:
        statuses = set(
            pool.map(
                lambda _: requests.get(f"http://127.0.0.1:{port}/healthz", timeout=30).status_code, range(200)
            )
        )

    assert statuses == {200}


def hooks_that_wait() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE relation = 'deployments_hooktoken'::regclass AND NOT granted"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_burst_of_hooks_leaves_people_the_threads(port: int) -> None:
    with ThreadPoolExecutor(40) as senders:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE deployments_hooktoken IN ACCESS EXCLUSIVE MODE")
            address = f"http://127.0.0.1:{port}/hooks/image/{'a' * 43}"
            hooks = [senders.submit(requests.post, address, timeout=60) for _ in range(40)]
            assert eventually(lambda: hooks_that_wait() == HOOKS_AT_ONCE, seconds=SOON)

            page = requests.get(f"http://127.0.0.1:{port}/welcome/", timeout=SOON).status_code
            waiting = hooks_that_wait()
        answers = {each.result().status_code for each in hooks}

    assert (page, waiting) == (HTTPStatus.OK, HOOKS_AT_ONCE)
    assert answers <= {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS}


@pytest.mark.parametrize("message", [b"", SLOW["stay"]], ids=["say nothing", "stay"])
def test_it_stops_soon_though_slow_connections_are_there(tmp_path: Path, message: bytes) -> None:
    with served(tmp_path) as (listening, process), connections(listening, MANY, message):
        begun = monotonic()
        process.process.send_signal(signal.SIGTERM)
        process.process.wait(timeout=30)

    assert monotonic() - begun < SOON
