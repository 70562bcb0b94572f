"""`make demo`, started and stopped as people do: twice, too early, or not at all gently."""

import fcntl
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dashboard.embedded_postgres import STATE, EmbeddedPostgres
from demo.scenes import AUTOMATIC, BY_LABEL
from tests.git_clone import Clone
from tests.processes import CHECKOUT, Running, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
COMMAND = [sys.executable, "-m", "demo"]
Demo = Callable[[str], Running]


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    """Start a demo whose log has this name."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.skip("someone runs a demo of this checkout")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(tmp_path),
    }
    return lambda name: Running(COMMAND, environment, log=tmp_path / name, folder=CHECKOUT)


def test_a_second_one_says_so_and_leaves_the_first_alone(demo: Demo) -> None:
    server = EmbeddedPostgres("demo")
    with demo("first") as first:
        assert eventually(lambda: "Log in" in first.message, seconds=90), first.message

        with demo("second") as second:
            status = second.process.wait(timeout=30)

        assert (status, second.message) == (
            1,
            "A demo runs from this folder already: stop it with Ctrl-C where it was started.\n",
        )
        assert server.is_running()
        assert first.process.poll() is None


def test_commits_go_from_push_to_deployed_over_git_and_by_the_label_of_an_image(
    demo: Demo, tmp_path: Path
) -> None:
    server = EmbeddedPostgres("demo")
    with demo("demo") as running:
        assert eventually(lambda: "Log in" in running.message, seconds=90), running.message
        (address,) = re.findall(r"git clone (\S+)", running.message)

        pushed = Clone(address, tmp_path / "clone").push("Greet in Esperanto")
        by_label = eventually(lambda: deployed(server, BY_LABEL[0]), seconds=120)
        by_git = eventually(lambda: pushed in dict(deployed(server, AUTOMATIC[0])), seconds=60)

    assert by_label, running.message
    assert [":main@sha256:" in image for _, image in by_label] == [True]
    assert by_git, running.message


def deployed(server: EmbeddedPostgres, host: str) -> list[tuple[str, str]]:
    """The commit and the image of each Deploy of this site that has succeeded."""
    statement = (
        "SELECT deploy.sha, deploy.image FROM deployments_deploy AS deploy JOIN deployments_site AS site ON site.id = deploy.site_id"
        " WHERE site.host = %s AND deploy.status = 'succeeded'"
    )
    with psycopg.connect(server.url) as connection:
        return list(connection.execute(statement, [host]).fetchall())


def test_one_that_is_stopped_while_it_starts_leaves_nothing(demo: Demo) -> None:
    with demo("demo") as running:
        assert eventually(lambda: "web starts" in running.message, seconds=90), running.message
        family = running.family()

        running.process.send_signal(signal.SIGINT)
        status = running.process.wait(timeout=40)

    assert status == 0
    assert running.message.rstrip().endswith("Stopping.")
    assert "Traceback" not in running.message
    assert not any(Path(f"/proc/{pid}").exists() for pid in family)
    assert not EmbeddedPostgres("demo").is_running()


def test_of_one_that_is_killed_nothing_keeps_serving(demo: Demo) -> None:
    with demo("demo") as running:
        assert eventually(lambda: "Log in" in running.message, seconds=90), running.message
        family = running.family() - {running.process.pid}

        running.process.kill()

        gone = eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), seconds=30)
    EmbeddedPostgres("demo").remove()
    assert gone
