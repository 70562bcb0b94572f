"""The worker's probe."""

import os
import re
import subprocess
import sys
from pathlib import Path
from time import time

CHECKOUT = Path(__file__).resolve().parents[3]


def probe(file: Path, *, within: int = 300) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deployments.queue.heartbeat", str(file), "--within", str(within)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_a_fresh_heartbeat_is_alive(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    file.touch()

    assert probe(file).returncode == 0


def test_an_old_one_is_not_and_its_age_is_said(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    file.touch()
    os.utime(file, (time() - 400, time() - 400))

    done = probe(file)

    assert done.returncode == 1
    # The probe takes a moment to start.
    age = re.search(r"(\d+) s old", done.stderr)
    assert age
    assert 400 <= int(age[1]) < 500


def test_none_at_all_is_not_alive(tmp_path: Path) -> None:
    assert probe(tmp_path / "heartbeat").returncode == 1


def test_it_loads_nothing_but_the_standard_library() -> None:
    code = (
        "import sys, deployments.queue.heartbeat; print(*(name for name in sys.modules if '.' not in name))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )

    assert set(done.stdout.split()) <= {*sys.stdlib_module_names, "deployments", "__main__", "_virtualenv"}
