"""Headway deploys Headway from its own page: two Deployments with their init containers, after `upgrade`; the page never lies meanwhile."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import yaml
from playwright.sync_api import Page, expect

from demo.world import NAMESPACE, Mapping, World
from deployments.models import Deploy, Observation, Site, Status
from deployments.operations.sites.save import save_workloads
from deployments.queue import enqueue
from deployments.rules.targets import parse_references
from simulators.cluster.cluster import RBAC
from simulators.github import written_history
from tests.e2e.installation import Installation
from tests.one_image import at_another_image
from tests.processes import eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

NAME = "headway"
WORKLOADS = "Deployment headway-worker; Deployment headway-web"
STATE = ".answer .state"
SUCCEEDED, CURRENT = "Succeeded", "Up to date"


@pytest.fixture
def headway(installation: Installation) -> Iterator[Site]:
    """Headway as k8s/base runs it, in a namespace that the worker may change, and as a site without a host."""
    world = installation.world
    history = written_history(8, until=datetime.now(UTC))
    world.github.repositories.create("icco/headway", "main", history=history)
    world.mappings[NAME] = Mapping(NAME, "icco", NAME, "headway-web", "main")
    world.build(NAME, world.repository(NAME).head)
    run_headway(world)
    site = Site.objects.create(
        name=NAME, owner="icco", repository=NAME, branch="main", release_job="headway-upgrade"
    )
    save_workloads(site, parse_references(WORKLOADS, namespace=NAMESPACE))
    yield site
    installation.come_to_rest()
    del world.mappings[NAME]


def run_headway(world: World) -> None:
    """Create the Deployments of k8s/base, and a suspended CronJob that upgrades the database."""
    image = world.image(NAME)
    for file in ("web.yaml", "worker.yaml"):
        text = (RBAC / file).read_text(encoding="utf-8").replace("image: headway", f"image: {image}")
        for manifest in yaml.safe_load_all(text):
            if manifest["kind"] == "Deployment":
                manifest["metadata"]["namespace"] = NAMESPACE
                world.cluster.apply(yaml.safe_dump(manifest), namespace=NAMESPACE)
    world.apply("release_job", image=image, name=NAME)
    world.cluster.settle_now()


class Watcher:
    """Checks Headway's pages, and each time the cluster behind them."""

    def __init__(self, page: Page, installation: Installation, site: Site) -> None:
        self.page, self.installation, self.site = page, installation, site
        self.lies: list[str] = []
        self.words: set[str] = set()

    def look(self, deploy: Deploy) -> str:
        """Open the Deploy's page and the site's; return what the first one says of it."""
        words = []
        for address, good in ((f"/deploys/{deploy.pk}/", SUCCEEDED), (f"/sites/{NAME}/", CURRENT)):
            self.page.goto(address)
            words.append(self.page.locator(STATE).inner_text().strip())
            if words[-1] == good:
                self._check(words[-1], deploy)
        self.words |= set(words)
        return words[0]

    def see_through(self, deploy: Deploy) -> None:
        """Check repeatedly until it has succeeded."""
        assert eventually(lambda: self.look(deploy) == SUCCEEDED, seconds=120, every=0.05), self.words
        self.look(deploy)

    def _check(self, word: str, deploy: Deploy) -> None:
        world = self.installation.world
        left = at_another_image(world, self.site, world.image(NAME, deploy.sha))
        if left:
            self.lies.append(f"“{word}” while {', '.join(left)}")


def test_headway_deploys_headway_two_commits_forward_and_one_back(
    installation: Installation, headway: Site, enter: Callable[..., Page]
) -> None:
    watcher = Watcher(enter(), installation, headway)
    shas = []
    for _ in range(2):
        shas.append(commit(installation))
        watcher.see_through(tap(watcher.page, "Deploy", f"/sites/{NAME}/deploy"))

    back = tap(watcher.page, "Roll back", f"/sites/{NAME}/rollback?sha={shas[0]}")
    watcher.see_through(back)

    assert watcher.lies == []
    assert (back.sha, Deploy.objects.filter(site=headway, status=Status.SUCCEEDED).count()) == (shas[0], 3)
    assert at_another_image(installation.world, headway, installation.world.image(NAME, shas[0])) == []
    assert jobs(installation.world) == 2
    assert SUCCEEDED in watcher.words


def commit(installation: Installation) -> str:
    """Commit to Headway; return the SHA when Headway knows it."""
    sha = installation.world.commit(NAME, "Show workloads")
    enqueue.sync(names=[NAME], trigger="person")
    knows = Observation.objects.filter(site__name=NAME, head_sha=sha, head_image_built=True)
    assert eventually(knows.exists, seconds=60)
    installation.come_to_rest()
    return sha


def tap(page: Page, label: str, address: str) -> Deploy:
    """Tap the one big button of a page that asks; return what that began."""
    page.goto(address)
    button = page.get_by_role("main").get_by_role("button", name=label, exact=True)
    expect(button).to_be_in_viewport()
    button.tap()
    page.wait_for_url("**/deploys/*/")
    return Deploy.objects.get(pk=int(page.url.rstrip("/").rpartition("/")[2]))


def jobs(world: World) -> int:
    """How many release jobs there were: a rollback runs none."""
    return sum(
        job["metadata"]["name"].startswith("headway-upgrade") for job in world.cluster.store.all_of("jobs")
    )
