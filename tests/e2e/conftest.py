"""Headway for real: its web server and its worker as processes, a world on loopback, and a phone's Chromium.

All of it is started once for the folder, since that costs more than any test; people, sites and observations are each test's own.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.request import urlopen

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
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
from tests.factories import make_sites
from tests.processes import MANAGE, Running, environment, eventually, free_port

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
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
    cache.clear()
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
    """Log a person in and return their page, on a phone unless the context's options say otherwise."""
    with ExitStack() as open_contexts:

        def log_in(name: str = "nat", **options: object) -> Page:
            context: BrowserContext = browser.new_context(
                **{"viewport": PHONE, "has_touch": True, "base_url": installation.url} | options
            )
            context.set_default_timeout(TIMEOUT_MS)
            open_contexts.callback(context.close)
            page = context.new_page()
            page.goto("/")
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in", exact=True).click()
            page.wait_for_url("/")
            return page

        yield log_in


def make_people() -> None:
    may_deploy = Permission.objects.get(codename="deploy_site")
    User.objects.create_user("nat", password=PASSWORD).user_permissions.add(may_deploy)
    User.objects.create_user("vera", password=PASSWORD)
    User.objects.create_superuser("root", password=PASSWORD)


def is_ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310  our own address
            return bool(answer.status == 200)
    except OSError:
        return False
