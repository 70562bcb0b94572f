"""What all tests share: PostgreSQL is real, and so is everything between it and the far ends in demo/."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from dashboard.embedded_postgres import EmbeddedPostgres


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Start the embedded server for the session, unless DATABASE_URL names another or it runs already."""
    server = EmbeddedPostgres()
    ours = not os.environ.get("DATABASE_URL") and not server.is_running()
    if ours:
        server.start()
    yield
    if ours:
        server.stop()


@pytest.fixture(scope="session")
def static_files() -> None:
    """What a browser loads, for tests that run our own web server.

    Collected unless those of this checkout are collected already: compressing all of them takes a while.
    """
    checkout = Path(settings.BASE_DIR)
    manifest = checkout / "staticfiles" / "staticfiles.json"
    sources = [*checkout.glob("dashboard/static/**/*"), checkout / "uv.lock"]
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
