"""`manage.py run`: web and worker together, as a kubelet would keep them."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.processes import MANAGE, Running, environment, eventually, free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("static_files"),
]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def running(tmp_path: Path, port: int) -> Iterator[Running]:
    command = [*MANAGE, "run", "--bind", f"127.0.0.1:{port}"]
    with Running(command, environment(tmp_path), log=tmp_path / "run.log") as running:
        yield running


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_web_and_worker_start_a_killed_one_starts_again_and_sigterm_ends_all(
    running: Running, port: int, tmp_path: Path
) -> None:
    assert eventually(lambda: answers(port), seconds=60), running.message
    both = running.children_of(running.process.pid)
    assert len(both) == 2
    assert eventually((tmp_path / "heartbeat").exists, seconds=60), running.message

    (victim,) = (pid for pid in both if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(victim, signal.SIGKILL)
    again = eventually(lambda: running.children_of(running.process.pid) - both, seconds=60)
    assert eventually(lambda: answers(port), seconds=60), running.message
    everything = both | again | set().union(*(running.children_of(pid) for pid in both | again))
    running.process.terminate()
    status = running.process.wait(timeout=60)

    assert len(again) == 1
    assert "web ended with -9, and starts again" in running.message
    assert status == 0
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in everything), seconds=60)


def test_a_killed_one_takes_web_and_worker_along(running: Running, port: int) -> None:
    assert eventually(lambda: answers(port), seconds=60), running.message
    family = running.family() - {running.process.pid}

    running.process.kill()

    assert len(family) > 2
    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), seconds=60)


@pytest.mark.parametrize("bind", ["{taken}", "nowhere", "127.0.0.1:99999"])
def test_an_address_that_it_cannot_have_is_said_before_anything_starts(tmp_path: Path, bind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        bind = bind.format(taken=f"127.0.0.1:{other.getsockname()[1]}")
        command = [*MANAGE, "run", "--bind", bind]
        with Running(command, environment(tmp_path), log=tmp_path / "run.log") as running:
            status = running.process.wait(timeout=60)

    assert status == 1
    assert running.message.startswith(f"CommandError: Headway cannot listen at {bind}: "), running.message
    assert "Choose another with --bind." in running.message
