"""Two runs of pytest in one checkout share the server, and no database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from tests.processes import CHECKOUT

pytestmark = pytest.mark.slow  # starts processes

OTHER_RUN = """
import pytest
from django.contrib.auth.models import User
from django.db import connection

@pytest.mark.django_db(transaction=True)
def test_it():
    assert not User.objects.exists()
    User.objects.create_user("someone")
    print("uses", connection.settings_dict["NAME"])
"""


@pytest.mark.django_db(transaction=True)
def test_another_run_takes_nothing_from_this_one(tmp_path: Path) -> None:
    User.objects.create_user("nat")
    (tmp_path / "conftest.py").write_text("from tests.conftest import *")
    (tmp_path / "test_it.py").write_text(OTHER_RUN)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--capture=no", f"--rootdir={tmp_path}", str(tmp_path)],
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        | {"PYTHONPATH": str(CHECKOUT), "DJANGO_SETTINGS_MODULE": "dashboard.settings"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    other = done.stdout.partition("uses ")[2].split()[0].rstrip(".")
    connection.close()
    assert User.objects.get().username == "nat"
    assert connection.settings_dict["NAME"] != other
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        present = {row[0] for row in cursor.fetchall()}
    assert connection.settings_dict["NAME"] in present
    assert other not in present
