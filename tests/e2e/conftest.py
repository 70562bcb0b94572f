"""Headway for real: its web server and its worker as processes, a world on loopback, and a phone's Chromium.

All of it is started once for the folder, since that costs more than any test; people, sites and observations are each test's own.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from urllib.request import urlopen

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.cache import cache as shared_cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from pytest_django import DjangoDbBlocker

from demo.world import World, read_mappings
from deployments.clients.push import fresh_key_pair
from deployments.models import Observation
from deployments.queue import enqueue
from simulators.cluster.cluster import RBAC, WORKLOADS_RBAC
from tests.conftest import need_program
from tests.e2e.every_state import put_right
from tests.e2e.installation import PASSWORD, Installation
from tests.factories import make_sites, make_user
from tests.processes import MANAGE, Running, environment, eventually, free_port

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOSE_NO_DEADLOCK = "SELECT set_config('deadlock_timeout', '60s', false) FROM pg_user WHERE usename = current_user AND usesuper"
TIMEOUT_MS = 60_000
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="package")
def world() -> Iterator[World]:
    with World(read_mappings(), start_seconds=0.3, rbac=(RBAC, WORKLOADS_RBAC)) as world:
        yield world


@pytest.fixture(scope="package")
def url(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    static_files: None,
    world: World,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Web and worker at work; where the web server answers."""
    folder = tmp_path_factory.mktemp("house")
    url = f"127.0.0.1:{free_port()}"
    env = environment(folder, VAPID_PUBLIC_KEY=fresh_key_pair().public, **world.settings(folder))
    gunicorn = ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", url]
    with (
        Running([sys.executable, "-m", *gunicorn], env, log=folder / "web.log") as web,
        Running([*MANAGE, "worker"], env, log=folder / "worker.log"),
    ):
        assert eventually(lambda: is_ready(f"http://{url}"), seconds=60), web.message
        yield f"http://{url}"
    # A worker that still ticked has left rows in tables that the last test had emptied.
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        connection.close()


@pytest.fixture
def installation(url: str, world: World, transactional_db: None) -> Iterator[Installation]:
    """The running house with people in it and every site observed."""
    # Attempts to log in are counted there.
    shared_cache.clear()
    make_people()
    put_right(world)
    sites = make_sites(world)
    enqueue.sync(trigger="person")
    seen = Observation.objects.exclude(github_observed_at=None).exclude(cluster_observed_at=None)
    assert eventually(lambda: seen.count() == len(sites), seconds=60), (
        "The worker does not observe the sites."
    )
    installation = Installation(url=url, world=world)
    installation.come_to_rest()
    yield installation
    installation.come_to_rest()
    # The tables are emptied next. Should a tick meet that, the worker is to lose and not the test.
    with connection.cursor() as cursor:
        cursor.execute(LOSE_NO_DEADLOCK)


@contextmanager
def driver() -> Iterator[Playwright]:
    """What starts browsers; only one may run in a process."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's synchronous interface runs an event loop in this thread; nothing here is concurrent.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=TIMEOUT_MS)
        yield playwright


@contextmanager
def chromium(playwright: Playwright, *, with_windows: bool = False) -> Iterator[Browser]:
    """Without its windows it takes half the processor time. What only the whole browser has is no part of that, as push messages."""
    small = None if with_windows else shutil.which("chromium-headless-shell")
    browser = playwright.chromium.launch(
        executable_path=small or need_program("chromium"), args=CHROMIUM_FLAGS
    )
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with driver() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright) as browser:
        yield browser


@pytest.fixture
def enter(installation: Installation, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open the list as a person who has logged in, on a phone unless the context's options say otherwise.

    The session is made here. The login's form takes half a second for its password; tests about logging in fill it in.
    """
    with ExitStack() as open_contexts:

        def log_in(name: str = "nat", *, base_url: str = installation.url, **options: object) -> Page:
            context: BrowserContext = browser.new_context(
                **{"viewport": PHONE, "has_touch": True, "base_url": base_url} | options
            )
            context.set_default_timeout(TIMEOUT_MS)
            open_contexts.callback(context.close)
            context.add_cookies([{"name": "sessionid", "value": session_of(name), "url": base_url}])
            page = context.new_page()
            page.goto("/")
            return page

        yield log_in


@cache
def hashed_password() -> str:
    """PASSWORD as the web server's process can check it; hashed once, since that takes half a second."""
    return make_password(PASSWORD)


def make_people() -> None:
    make_user("nat")
    make_user("vera", may_deploy=False)
    User.objects.create_superuser("root")
    User.objects.update(password=hashed_password())


def session_of(name: str) -> str:
    """Return the key of a session in which the person has just logged in."""
    client = Client()
    client.force_login(User.objects.get(username=name))
    key = client.session.session_key
    assert key
    return key


def is_ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)
    except OSError:
        return False
