"""What all tests share: PostgreSQL is real, and so is everything between it and the external services in demo/."""

import os
import shutil
import subprocess
import sys

import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker

from dashboard.embedded_postgres import EmbeddedPostgres
from tests.processes import CHECKOUT
from tests.roles import make_roles

_server = EmbeddedPostgres()
_stop_server = pytest.StashKey[bool]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note whether the embedded server is ours to stop: not where it runs already, or DATABASE_URL names another."""
    if not hasattr(session.config, "workerinput"):
        session.config.stash[_stop_server] = not os.environ.get("DATABASE_URL") and not _server.is_running()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop it when the last of pytest-xdist's processes is done: each has a database of its own there."""
    if session.config.stash.get(_stop_server, False):
        _server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start the embedded server where a test needs a database first; tests of rules alone need none."""
    if not os.environ.get("DATABASE_URL"):
        _server.start()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Give the tests' database its roles, as `manage.py upgrade` does."""
    with django_db_blocker.unblock():
        make_roles()


@pytest.fixture(scope="session", autouse=True)
def _no_static_files_in_this_process(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Else whitenoise would look through a folder that `static_files` may be about to fill."""
    settings.STATIC_ROOT = tmp_path_factory.mktemp("static")


@pytest.fixture(scope="session")
def static_files() -> None:
    """Collect what a browser loads from our own web server, as `manage.py run` does."""
    collect = "import django; django.setup(); from dashboard.static_files import *; collect_static_files()"
    subprocess.run(
        [sys.executable, "-c", collect],
        cwd=CHECKOUT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "dashboard.settings"},
        check=True,
    )


def need_program(name: str) -> str:
    """Return the program's path; without it the test is skipped on a laptop, and fails in CI."""
    path = shutil.which(name)
    if path is None:
        message = f"{name} is not installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
