"""From hearing of it to the first Deploy of one's own site: the manual's four commands, then a phone's Chromium with every tap counted."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from demo.world import NAMESPACE, World, read_mappings
from deployments.models import Deploy, Observation, Site, Status
from tests.e2e.conftest import PHONE, TIMEOUT_MS, chromium, driver, is_ready
from tests.e2e.taps import Tapper, action_button
from tests.processes import MANAGE, Running, environment, eventually, free_port
from tests.release.place import HEADWAY, Place
from tests.release.stand_in import kubelet, workloads
from tests.release.test_install import Run, four, run

__all__ = ["run"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
COMMANDS, TAPS = 4, 10
PASSWORD = "correct horse battery staple"
OWN_APPS = 5


@pytest.fixture
def world() -> Iterator[World]:
    """Own sites in a cluster that knows nothing of Headway: what it may, install.yaml gives it."""
    with World(read_mappings()[:OWN_APPS], start_seconds=0.1) as world:
        world.cluster.unbind_role(NAMESPACE)
        yield world


@pytest.fixture(params=["demo", pytest.param("real", marks=pytest.mark.cluster)])
def namespace(request: pytest.FixtureRequest) -> str:
    """Where the own sites run: the demo's are in `default`; in another cluster they get a namespace of this test's."""
    if request.param == "demo":
        return NAMESPACE
    if not os.environ.get("TEST_KUBECONFIG"):
        pytest.skip("TEST_KUBECONFIG names no real cluster")
    return f"headway-test-{uuid4().hex[:8]}"


@pytest.fixture
def place(namespace: str, world: World, tmp_path: Path) -> Iterator[Place]:
    if namespace == NAMESPACE:
        yield Place(world.cluster.write_kubeconfig(tmp_path / "admin.yaml", "admin"), tmp_path)
        return
    place = Place(Path(os.environ["TEST_KUBECONFIG"]).absolute(), tmp_path, namespace)
    if place.ask("get", "namespace", HEADWAY).returncode == 0:
        pytest.fail(
            "TEST_KUBECONFIG's cluster has a namespace headway already, and nothing of it is changed."
        )
    images = {each.deployment: world.image(host) for host, each in world.mappings.items()}
    place.kubectl("create", "namespace", namespace)
    try:
        with kubelet(place, namespace, world):
            place.kubectl("create", f"--namespace={namespace}", "--filename=-", stdin=workloads(images))
            yield place
    finally:
        place.ask("delete", "namespace", namespace, HEADWAY, "--ignore-not-found", "--timeout=60s")


@pytest.fixture
def installed(place: Place, world: World, run: Run) -> int:
    """All is applied by a real kubectl; return with how many commands."""
    make, apply, token, logs = four()
    typed = [
        f"{make} IMAGE_TEMPLATE='{world.image_template}'",
        apply,
        token.replace("=…", f"={world.github.token}"),
        logs,
    ]
    if place.sites != NAMESPACE:
        typed[0] += f" NAMESPACES={place.sites}"
    for line in typed[:3]:
        done = run(line)
        assert (done.returncode, done.stderr) == (0, "")
    assert place.run_the_job().returncode == 0
    assert eventually(lambda: is_answered(run, logs), seconds=60)
    return len(typed)


def is_answered(run: Run, logs: str) -> bool:
    """Whether web's log is shown, or waited for, where nobody has pushed the manual's image for the cluster's nodes."""
    done = run(logs)
    return done.returncode == 0 or "is waiting to start" in done.stderr


@pytest.fixture
def welcome(
    installed: int, place: Place, world: World, transactional_db: None, static_files: None
) -> Iterator[str]:
    """Web and worker with what was applied: its settings, its secrets, its account; where web's log leads."""
    cache.clear()
    folder = place.folder
    address = f"127.0.0.1:{free_port()}"
    env = environment(folder, **world.settings(folder)) | applied(place)
    env |= {"PUBLIC_URL": f"http://{address}", "KUBECONFIG": str(place.account("headway-worker"))}
    gunicorn = ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", address]
    with (
        Running([sys.executable, "-m", *gunicorn], env, log=folder / "web.log") as web,
        Running([*MANAGE, "worker"], env, log=folder / "worker.log"),
    ):
        assert eventually(lambda: is_ready(f"http://{address}"), seconds=60), web.message
        log = folder / "web.log"
        assert eventually(lambda: "/welcome/?code=" in log.read_text(), seconds=60), web.message
        yield re.findall(r"http\S+/welcome/\?code=[A-Z0-9-]+", log.read_text())[-1]


def applied(place: Place) -> dict[str, str]:
    """The settings and secrets of the processes that do not depend on where they run."""
    (settings,) = [
        each["data"] for each in place.read("configmaps") if "IMAGE_TEMPLATE" in each.get("data", {})
    ]
    secrets = place.secrets()
    return {
        "IMAGE_TEMPLATE": settings["IMAGE_TEMPLATE"],
        "NAMESPACES": settings["NAMESPACES"],
        "SECRET_KEY": secrets["headway"]["SECRET_KEY"],
        "GITHUB_TOKEN": secrets["headway-worker"]["GITHUB_TOKEN"],
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of this file alone: tests/e2e may follow in the same process, and opens its own."""
    with driver() as playwright, chromium(playwright) as browser:
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


def desired(place: Place, workload: str) -> set[str]:
    """The images that the workload's pods are to run."""
    specs = [
        each["spec"]["template"]["spec"]
        for each in place.read("deployments", place.sites)
        if each["metadata"]["name"] == workload
    ]
    return {one["image"] for spec in specs for one in spec["containers"]}


def test_four_commands_and_ten_taps_lead_to_the_first_deploy_of_an_own_site(
    installed: int, place: Place, world: World, welcome: str, page: Page
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
    assert world.image(host, sha) in desired(place, mapping.deployment)
