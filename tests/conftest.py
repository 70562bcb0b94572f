"""What all tests share: PostgreSQL is real, and so is everything between it and the far ends in demo/."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from dashboard.embedded_postgres import EmbeddedPostgres

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
def static_files() -> None:
    """What a browser loads, for tests that run our own web server.

    Collected unless those of this checkout are collected already: compressing all of them takes a while.
    """
    checkout, collected = Path(settings.BASE_DIR), Path(settings.STATIC_ROOT)
    manifest = collected / "staticfiles.json"
    sources = [*checkout.glob("dashboard/static/**/*"), checkout / "uv.lock"]
    with (collected / ".lock").open("w") as lock:
        # Of pytest-xdist's processes one collects, and the others wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not manifest.exists() or manifest.stat().st_mtime < max(each.stat().st_mtime for each in sources):
            call_command("collectstatic", verbosity=0, interactive=False)


@pytest.fixture(scope="session", autouse=True)
def _folder_of_static_files() -> None:
    """A fresh checkout has none, of which whitenoise warns."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)


def need_program(name: str) -> str:
    """Return the program's path; without it the test is skipped on a laptop, and fails in CI."""
    path = shutil.which(name)
    if path is None:
        message = f"{name} is not installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
