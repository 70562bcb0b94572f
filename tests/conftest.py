"""What all tests share: PostgreSQL is real, and so is everything between it and the external services in demo/."""

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import TextIO

import pytest
from django.conf import settings
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker
from xdist.remote import Producer
from xdist.scheduler import Scheduling

from deployments.management.parent import end_with_the_parent
from tests.databases import empty_tables, join_the_runs, leave_the_runs, name_own_database, use_own_server
from tests.processes import CHECKOUT
from tests.roles import make_roles
from tests.scheduling import BROWSERS_FOLDER, BrowsersInTwoHalves, turns_of

SLOW_FOLDERS = ("tests/chaos/", "tests/simulators/", BROWSERS_FOLDER)
_runs = pytest.StashKey[TextIO]()
# Nothing outside the demo has a default for it; processes that tests start have this one, too.
settings.IMAGE_TEMPLATE = os.environ["IMAGE_TEMPLATE"] = "gcr.io/icco-cloud/{repository}:{sha}"
settings.IMAGE_PREFIXES = ["gcr.io/icco-cloud/"]


def pytest_configure(config: pytest.Config) -> None:
    """Collect garbage rarely: it took a tenth of the suite's time. A process of pytest-xdist dies with the one
    that leads it; it would run on for twenty seconds.
    """
    gc.set_threshold(100_000, 20, 20)
    if hasattr(config, "workerinput"):
        end_with_the_parent(signal.SIGKILL, parent=os.getppid())


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three a core, since many tests wait for something; fewer where servers and browsers are started besides."""
    cores = os.cpu_count() or 1
    return min(2 * cores + 1 if config.getoption("dist") == "loadfile" else 3 * cores, 16)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    return BrowsersInTwoHalves(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Of images, what the demo's registry answers is enough for the quick ones: the real one is a process.
        if item.nodeid.startswith(SLOW_FOLDERS) or item.get_closest_marker("real_registry"):
            item.add_marker(pytest.mark.slow)
        # A browser under load drops an event now and then. The summary prints each rerun with its traceback.
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=turns_of(items).__getitem__)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: nobody needs to look through it for garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionstart(session: pytest.Session) -> None:
    """With pytest-xdist, the process that leads the others holds the run's place."""
    if not hasattr(session.config, "workerinput") and not os.environ.get("DATABASE_URL"):
        session.config.stash[_runs] = join_the_runs()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """After pytest's own, which ends the fixtures that a run with -x has left: they need the server."""
    if file := session.config.stash.get(_runs, None):
        leave_the_runs(file)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    testrun_uid: str, worker_id: str, django_db_blocker: DjangoDbBlocker
) -> None:
    """Name this process' database where a test needs one first; tests of rules alone start no server."""
    name_own_database(run=testrun_uid[:12], process=worker_id)
    if not os.environ.get("DATABASE_URL"):
        with django_db_blocker.unblock():
            use_own_server()


@pytest.fixture(scope="session", autouse=True)
def _tables_are_emptied_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


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
