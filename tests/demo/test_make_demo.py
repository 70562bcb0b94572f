"""`make demo`, started and stopped as people do: twice, too early, or not at all gently. The last test kills what the others share."""

import fcntl
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from dashboard.embedded_postgres import STATE, EmbeddedPostgres
from demo.scenes import AUTOMATIC, BY_LABEL
from tests.git_clone import Clone
from tests.processes import CHECKOUT, Running, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]
COMMAND = [sys.executable, "-m", "demo"]
Start = Callable[[str], Running]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Start a demo whose log has this name."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.skip("someone runs a demo of this checkout")
    folder = tmp_path_factory.mktemp("demo")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(folder),
    }
    return lambda name: Running(COMMAND, environment, log=folder / name, folder=CHECKOUT)


@pytest.fixture(scope="module")
def demo(start: Start) -> Iterator[Running]:
    """One that is ready."""
    with start("demo") as running:
        assert eventually(lambda: "Log in" in running.message, seconds=90), running.message
        yield running
    EmbeddedPostgres("demo").remove()


def test_one_that_is_stopped_while_it_starts_leaves_nothing(start: Start) -> None:
    with start("stopped") as running:
        assert eventually(lambda: "web starts" in running.message, seconds=90), running.message
        family = running.family()

        running.process.send_signal(signal.SIGINT)
        status = running.process.wait(timeout=40)

    assert status == 0
    assert running.message.rstrip().endswith("Stopping.")
    assert "Traceback" not in running.message
    assert not any(Path(f"/proc/{pid}").exists() for pid in family)
    assert not EmbeddedPostgres("demo").is_running()


def test_a_second_one_says_so_and_leaves_the_first_alone(demo: Running, start: Start) -> None:
    with start("second") as second:
        status = second.process.wait(timeout=30)

    assert (status, second.message) == (
        1,
        "A demo runs from this folder already: stop it with Ctrl-C where it was started.\n",
    )
    assert EmbeddedPostgres("demo").is_running()
    assert demo.process.poll() is None


def test_commits_go_from_push_to_deployed_over_git_and_by_the_label_of_an_image(
    demo: Running, tmp_path: Path
) -> None:
    server = EmbeddedPostgres("demo")
    (address,) = re.findall(r"git clone (\S+)", demo.message)

    pushed = Clone(address, tmp_path / "clone").push("Greet in Esperanto")
    by_label = eventually(lambda: deployed(server, BY_LABEL[0]), seconds=120)
    by_git = eventually(lambda: pushed in dict(deployed(server, AUTOMATIC[0])), seconds=60)

    assert by_label, demo.message
    assert [":main@sha256:" in image for _, image in by_label] == [True]
    assert by_git, demo.message


def deployed(server: EmbeddedPostgres, host: str) -> list[tuple[str, str]]:
    """The commit and the image of each Deploy of this site that has succeeded."""
    statement = (
        "SELECT deploy.sha, deploy.image FROM deployments_deploy AS deploy JOIN deployments_site AS site ON site.id = deploy.site_id"
        " WHERE site.host = %s AND deploy.status = 'succeeded'"
    )
    with psycopg.connect(server.url) as connection:
        return list(connection.execute(statement, [host]).fetchall())


def test_of_one_that_is_killed_nothing_keeps_serving(demo: Running) -> None:
    family = demo.family() - {demo.process.pid}

    demo.process.kill()

    assert eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), seconds=30)
