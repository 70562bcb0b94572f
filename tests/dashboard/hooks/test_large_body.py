"""A push of 25 MB: read by a real gunicorn, and held once."""

import sys
from pathlib import Path

import pytest
import requests

from dashboard.body_limits import LARGEST_HOOK
from dashboard.hooks.bodies import PIECE_BYTES, Body, UnreadableBody, json_in
from dashboard.unreader import Arrived
from tests.dashboard.test_slow_connections import answers
from tests.github_hooks import SECRET, signature
from tests.processes import Running, environment, eventually, free_port

MEGABYTE = 1024 * 1024


def large_push() -> bytes:
    """With as many commits as there is room for, in the order in which GitHub has it."""
    commit = b'{"id": "%s", "message": "%s", "added": ["a", "b"], "author": {"name": "\xc3\xa4"}}' % (
        b"c" * 40,
        b"x" * 2000,
    )
    number = LARGEST_HOOK // (len(commit) + 1) - 1
    head = b'{"ref":"refs/heads/main","after":"%s","repository":{"full_name":"icco/cron"},' % (b"b" * 40)
    return head + b'"commits":[%s],"head_commit":null}' % b",".join([commit] * number)


def peak_kilobytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="VmHWM is Linux'")
@pytest.mark.django_db(transaction=True)
def test_it_takes_little_more_memory_than_it_is_long(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn"]
    env = environment(tmp_path, DEBUG="true", GITHUB_HOOK_SECRETS=SECRET)
    body = large_push()
    assert LARGEST_HOOK - 4096 < len(body) <= LARGEST_HOOK
    with Running([*command, "--bind", f"127.0.0.1:{port}"], env, log=tmp_path / "log") as process:
        assert eventually(lambda: answers(port), seconds=60), process.message
        (web,) = process.children_of(process.process.pid)
        deliver(port, b"{}")
        before = peak_kilobytes(web)

        answer = deliver(port, body)

        assert answer.status_code == 202, answer.text
        assert answer.json()["message"] == "No site's repository is icco/cron."
        assert (peak_kilobytes(web) - before) * 1024 < 1.6 * len(body)


def deliver(port: int, body: bytes) -> requests.Response:
    headers = {
        "X-GitHub-Event": "push",
        "X-Hub-Signature-256": signature(body),
        "Content-Type": "application/json",
    }
    return requests.post(f"http://127.0.0.1:{port}/hooks/github", body, headers=headers, timeout=60)


def test_what_arrived_is_given_away_piece_by_piece_and_what_is_put_back_comes_first() -> None:
    arrived = Arrived(bytearray(b"abcdefgh"))

    first = arrived.read(3)
    arrived.unread(b"bc")

    assert (first, arrived.read(4), arrived.take_buffered(), arrived.read()) == (b"abc", b"bcde", b"fgh", b"")


def test_of_a_large_push_the_commits_are_not_read() -> None:
    body = large_push()
    pieces = [body[at : at + PIECE_BYTES] for at in range(0, len(body), PIECE_BYTES)]

    payload = json_in(Body(pieces))

    assert (payload["after"], payload["repository"]["full_name"], payload["commits"]) == (
        "b" * 40,
        "icco/cron",
        [],
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"commits": [{"id": "%s"}], "ref": "refs/heads/main"}' % (b"x" * 2 * MEGABYTE),
        b'{"x": {"commits": []}, "y": "%s", "ref": "refs/heads/main"}' % (b"x" * 2 * MEGABYTE),
        b'{"x": "\\"commits\\":[", "y": "%s", "ref": "refs/heads/main"}' % (b"x" * 2 * MEGABYTE),
    ],
    ids=["commits first", "commits of something else", "a text"],
)
def test_another_order_is_read_whole(body: bytes) -> None:
    payload = json_in(Body([body]))

    assert payload.get("ref", "refs/heads/main") == "refs/heads/main"
    assert "commits" in payload or "ref" in payload


@pytest.mark.parametrize(
    "body", [b"[" * 2 * MEGABYTE, b'{"a":' * (MEGABYTE // 2), b"1" * MEGABYTE, b"{" + b" " * MEGABYTE]
)
def test_a_body_that_is_all_depth_or_one_number_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        json_in(Body([body]))
