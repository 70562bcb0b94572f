"""What only a strange external service does."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployments.clients.github import (
    GitHub,
    GitHubError,
    GitHubNotFound,
    GitHubRateLimited,
    GitHubUnavailable,
    Head,
    HeadProblem,
    HeadQuestion,
)
from simulators.github import DemoGitHub
from simulators.loopback import Response
from tests.deployments.clients.github.questions import Serve, about, add_repository


@pytest.fixture
def flood() -> Iterator[Callable[[], tuple[str, int]]]:
    """A server that sends 64 MiB to a client that keeps reading: its address, and how much was sent."""
    listener = socket.create_server(("127.0.0.1", 0))
    sent = 0

    def serve() -> None:
        nonlocal sent
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
            while sent < 67108864:
                sent += connection.send(b" " * 65536)

    thread = threading.Thread(target=serve)
    thread.start()
    yield lambda: (f"http://127.0.0.1:{listener.getsockname()[1]}", sent)
    thread.join()
    listener.close()


def test_a_trickling_answer_ends_at_the_timeout(trickle: str) -> None:
    started = time.monotonic()

    with (
        GitHub(token="token", api_url=trickle, timeout_seconds=0.3) as github,
        pytest.raises(GitHubUnavailable, match="did not answer within"),
    ):
        github.compare("icco", "cron", base="a" * 40, head="b" * 40)

    assert time.monotonic() - started < 30


def test_every_request_says_which_api_it_means_and_who_asks(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)

    github.heads([about(repository)])
    github.compare("icco", "cron", base=repository.head, head=repository.head)

    sent = [each.request.headers for each in demo_github.requests if each.request]
    assert {each["accept"] for each in sent} == {"application/vnd.github+json"}
    assert {each["x-github-api-version"] for each in sent} == {"2022-11-28"}
    assert {each["user-agent"] for each in sent} == {"Headway"}
    assert {each["authorization"] for each in sent} == {f"bearer {demo_github.token}"}


def test_an_answer_without_end_is_read_no_further_than_8_mib(flood: Callable[[], tuple[str, int]]) -> None:
    url, _ = flood()

    with GitHub(token="token", api_url=url) as github, pytest.raises(GitHubUnavailable, match="larger than"):
        github.compare("icco", "cron", base="a" * 40, head="b" * 40)

    # What the kernel buffers for the reader was sent as well.
    assert flood()[1] < 32 * 1024 * 1024


def test_a_password_in_netrc_does_not_replace_the_token(
    demo_github: DemoGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    repository = add_repository(demo_github)

    with GitHub(token=demo_github.token, api_url=demo_github.url) as github:
        answer = github.heads([about(repository)]).heads["site"]

    assert isinstance(answer, Head)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": {"r0": null}, "errors": [{"message": "Something went wrong while executing your query."}]}',
        b'{"data": null, "errors": [{"message": "Something went wrong while executing your query."}]}',
        b'{"data": {}, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded."}]}',
        b'{"errors": [{"message": "Field does not exist", "path": ["query Heads", "r0", "nope"]}]}',
        b'{"data": {"r0": {"isEmpty": false}}}',
        b"{}",
        b"[]",
        b"null",
        b'{"errors": ["Slow down"]}',
        b'{"errors": "Slow down"}',
        b'{"data": []}',
        b'{"data": {"r0": null}, "errors": [{"path": ["r7"], "type": "RESOURCE_LIMITS_EXCEEDED"}]}',
    ],
)
def test_an_answer_of_another_shape_is_a_trouble_and_never_a_missing_repository(
    serve: Serve, body: bytes
) -> None:
    api_url = serve(Response(body=body))
    question = HeadQuestion(key="site", owner="icco", repository="cron")

    with GitHub(token="token", api_url=api_url) as github:
        answer = github.heads([question]).heads["site"]

    assert isinstance(answer, HeadProblem)
    assert not isinstance(answer.error, GitHubNotFound)


@pytest.mark.parametrize(
    ("status", "headers", "message", "seconds"),
    [
        (403, {}, "You have exceeded a secondary rate limit.", 60),
        (403, {"Retry-After": "7"}, "Slow down.", 7),
        (429, {}, "Too many requests.", 60),
        (429, {"Retry-After": "later"}, "Too many requests.", 60),
    ],
)
def test_a_limit_is_known_by_any_of_its_signs(
    serve: Serve, status: int, headers: dict[str, str], message: str, seconds: int
) -> None:
    body = json.dumps({"message": message}).encode()
    api_url = serve(Response(status=status, headers=headers, body=body))

    with (
        GitHub(token="token", api_url=api_url) as github,
        pytest.raises(GitHubRateLimited) as raised,
    ):
        github.compare("icco", "cron", base="a" * 40, head="b" * 40)

    assert raised.value.resets_at is not None
    wait = (raised.value.resets_at - datetime.now(UTC)).total_seconds()
    assert seconds - 5 < wait <= seconds


@pytest.mark.parametrize(
    "response",
    [
        Response(body=b"[" * 100_000),
        Response(status=302, headers={"Location": "http://[::1"}),
        Response(
            status=403,
            headers={
                "X-RateLimit-Limit": "5000",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": "9" * 20,
            },
        ),
    ],
    ids=["deep", "redirect", "reset"],
)
def test_garbage_is_githubs_trouble(serve: Serve, response: Response) -> None:
    with GitHub(token="token", api_url=serve(response)) as github, pytest.raises(GitHubError):
        github.compare("icco", "cron", base="a" * 40, head="b" * 40)
