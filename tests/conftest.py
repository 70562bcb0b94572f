"""What all tests share: PostgreSQL is real, and so is everything between it and the far ends in demo/."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

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
