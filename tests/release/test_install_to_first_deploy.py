"""From hearing of it to the first Deploy of one's own site: the manual's four commands, then a phone's Chromium with every tap counted."""

import re
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from demo.world import NAMESPACE, World, read_mappings
from deployments.models import Deploy, Observation, Site, Status
from simulators.cluster import DemoCluster
from tests.e2e.conftest import PHONE, TIMEOUT_MS, chromium, is_ready
from tests.e2e.taps import Tapper, action_button
from tests.processes import MANAGE, Running, environment, eventually, free_port
from tests.release.test_install import Run, four, run, run_the_job

__all__ = ["run"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
COMMANDS, TAPS = 4, 10
WORKER = "system:serviceaccount:headway:headway-worker"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def world() -> Iterator[World]:
    """Own sites in a cluster that knows nothing of Headway: what it may, install.yaml gives it."""
    with World(read_mappings()[:5], start_seconds=0.1) as world:
        world.cluster.unbind_role(NAMESPACE)
        yield world


@pytest.fixture
def cluster(world: World) -> DemoCluster:
    return world.cluster


@pytest.fixture
def installed(world: World, run: Run, tmp_path: Path) -> int:
    """All is applied by a real kubectl; return with how many commands."""
    make, apply, token, logs = four()
    typed = [
        f"{make} IMAGE_TEMPLATE='{world.image_template}'",
        apply,
        token.replace("=…", f"={world.github.token}"),
        logs,
    ]
    for line in typed[:3]:
        done = run(line)
        assert (done.returncode, done.stderr) == (0, "")
    assert run_the_job(world.cluster, tmp_path).returncode == 0
    world.cluster.settle_now()
    assert run(logs).returncode == 0
    return len(typed)


@pytest.fixture
def welcome(
    installed: int, world: World, transactional_db: None, static_files: None, tmp_path: Path
) -> Iterator[str]:
    """Web and worker with what was applied: its settings, its secrets, its account; where web's log leads."""
    cache.clear()
    address = f"127.0.0.1:{free_port()}"
    env = environment(tmp_path, **world.settings(tmp_path)) | applied(world.cluster)
    env |= {"PUBLIC_URL": f"http://{address}"}
    env |= {"KUBECONFIG": str(world.cluster.write_kubeconfig(tmp_path / "worker.yaml", WORKER))}
    gunicorn = ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", address]
    with (
        Running([sys.executable, "-m", *gunicorn], env, log=tmp_path / "web.log") as web,
        Running([*MANAGE, "worker"], env, log=tmp_path / "worker.log"),
    ):
        assert eventually(lambda: is_ready(f"http://{address}"), seconds=60), web.message
        log = tmp_path / "web.log"
        assert eventually(lambda: "/welcome/?code=" in log.read_text(), seconds=60), web.message
        yield re.findall(r"http\S+/welcome/\?code=[A-Z0-9-]+", log.read_text())[-1]


def applied(cluster: DemoCluster) -> dict[str, str]:
    """The settings and secrets of the processes that do not depend on where they run."""
    (settings,) = [
        each["data"]
        for each in cluster.store.all_of("configmaps", "headway")
        if "IMAGE_TEMPLATE" in each["data"]
    ]
    shared = (cluster.store.find("secrets", "headway", "headway") or {})["data"]
    token = (cluster.store.find("secrets", "headway", "headway-worker") or {})["data"]
    return {
        "IMAGE_TEMPLATE": settings["IMAGE_TEMPLATE"],
        "SECRET_KEY": b64decode(shared["SECRET_KEY"]).decode(),
        "GITHUB_TOKEN": b64decode(token["GITHUB_TOKEN"]).decode(),
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of this file alone: tests/e2e may follow in the same process, and opens its own."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, welcome: str) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, has_touch=True, base_url=welcome.partition("/welcome")[0])
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()


def make_account(tapper: Tapper, welcome: str) -> None:
    """Each field is tapped before something is typed; the code is in the address."""
    page = tapper.page
    page.goto(welcome)
    page.get_by_role("textbox", name="Name").wait_for()
    for label, text in (("Name", "ada"), ("Password", PASSWORD), ("Password again", PASSWORD)):
        field = page.get_by_label(label, exact=True)
        tapper.tap(field)
        field.fill(text)
    tapper.tap(page.get_by_role("button", name="Create account"))
    page.wait_for_url("**/account/**")


def test_four_commands_and_ten_taps_lead_to_the_first_deploy_of_an_own_site(
    installed: int, world: World, welcome: str, page: Page
) -> None:
    tapper = Tapper(page)
    host, mapping = next(iter(world.mappings.items()))
    sha = world.commit(host, "Ship this")

    make_account(tapper, welcome)
    tapper.tap(page.get_by_role("link", name="Sites", exact=True).first)
    tapper.tap(page.get_by_role("button", name="Find sites"))
    add = page.get_by_role("button", name="Add the ticked sites")
    expect(add).to_be_visible()
    tapper.tap(add)
    page.wait_for_url("/")
    name = Site.objects.get(repository=mapping.repository).name
    ready = Observation.objects.filter(site__name=name, head_sha=sha, head_image_built=True)
    assert eventually(ready.exists, seconds=60)
    expect(action_button(page, name, "Deploy")).to_be_visible()
    tapper.tap(action_button(page, name, "Deploy"))
    tapper.tap(page.locator("#sheet").get_by_role("button"))
    page.wait_for_url("**/deploys/*/")
    expect(page.locator(".answer .state")).to_have_text("Succeeded")

    assert installed <= COMMANDS
    assert tapper.taps <= TAPS, tapper.taps
    assert User.objects.get().is_superuser
    assert Deploy.objects.get().status == Status.SUCCEEDED
    assert world.running_image(host) == world.image(host, sha)
