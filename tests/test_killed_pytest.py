"""When pytest is killed, nothing that a test had started keeps running."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.processes import CHECKOUT, Running, eventually

pytestmark = pytest.mark.slow  # starts processes

STUBBORN = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork(); print(os.getpid(), flush=True); time.sleep(600)"
TEST = f"""
import os, sys, threading, time
from pathlib import Path
from tests.processes import Running

def test_it():
    command = [sys.executable, "-c", {STUBBORN!r}]
    with Running(command, {{}}, log=Path(os.environ["FIRST"])):
        # By a thread that ends while the process runs.
        second = Running(command, {{}}, log=Path(os.environ["SECOND"]))
        thread = threading.Thread(target=second.__enter__)
        thread.start()
        thread.join()
        time.sleep(600)
"""


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    return [tmp_path / "first", tmp_path / "second"]


def pids(logs: list[Path]) -> list[int]:
    """The processes that the test has started, each with its own fork."""
    return [int(line) for log in logs if log.exists() for line in log.read_text().splitlines()]


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("options", [[], ["--numprocesses", "1"]], ids=["alone", "xdist"])
def test_processes_end_with_the_pytest_that_started_them(
    logs: list[Path], options: list[str], tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_configure")
    (tmp_path / "test_it.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path)]
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "PYTHONPATH": str(CHECKOUT),
        "FIRST": str(logs[0]),
        "SECOND": str(logs[1]),
    }
    with Running([*command, str(tmp_path / "test_it.py")], env, log=tmp_path / "log", folder=tmp_path) as run:
        assert eventually(lambda: len(pids(logs)) == 4 or run.process.poll(), seconds=60)
        assert [is_alive(pid) for pid in pids(logs)] == [True] * 4, run.message

        run.process.send_signal(signal.SIGKILL)

        assert eventually(lambda: not any(map(is_alive, pids(logs))), seconds=120)


def test_what_runs_on_is_started_where_that_is_seen_to() -> None:
    by_hand = {
        str(file.relative_to(CHECKOUT))
        for file in (CHECKOUT / "tests").rglob("*.py")
        if "subprocess.Popen(" in file.read_text()
    }

    assert by_hand == {"tests/processes.py", "tests/test_killed_pytest.py"}
