"""What only a strange far end does."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.github import DemoGitHub
from deployments.github import GitHub, GitHubUnavailable, Head
from tests.deployments.github.questions import about, add_repository


@pytest.fixture
def trickle() -> Iterator[str]:
    """A server that sends a byte every 50 ms and never ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not stopping.wait(0.05):
                connection.sendall(b" ")

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stopping.set()
    thread.join()
    listener.close()


def test_a_trickling_answer_ends_at_the_timeout(trickle: str) -> None:
    started = time.monotonic()

    with (
        GitHub(token="token", api_url=trickle, timeout_seconds=0.3) as github,
        pytest.raises(GitHubUnavailable, match="did not answer within"),
    ):
        github.compare("icco", "cron", base="a" * 40, head="b" * 40)

    assert time.monotonic() - started < 2


def test_a_password_in_netrc_does_not_replace_the_token(
    demo_github: DemoGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    repository = add_repository(demo_github)

    with GitHub(token=demo_github.token, api_url=demo_github.url) as github:
        answer = github.heads([about(repository)]).heads["site"]

    assert isinstance(answer, Head)
