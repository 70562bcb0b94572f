"""One site in every state that the list can show, and commits that arrive while you look.

Everything here happens outside Headway, as it would in real life: a CI that fails, an image that is not built yet, a SHA pasted
into the wrong app. What Headway itself has to do for a state is requested in demo/__main__.py.
"""

import threading
from collections.abc import Callable
from functools import partial
from random import Random

from demo.world import NAMESPACE, PROJECT, World
from simulators.cluster import CRASHES, SLOW, Behaviour
from simulators.github import Repository, add_commit

READY = ("natwelch.com", "writing.natwelch.com", "photos.natwelch.com", "life.natwelch.com")
DEPLOYING = "chartopia.app"
FAILED = "gotak.app"
DRIFTED = "code.natwelch.com"
MISSING = "validator.natwelch.com"
UNKNOWN = "traviscwelch.com"
HELD = "resume.natwelch.com"
RED = "cron.natwelch.com"
BUILDING = "graphql.natwelch.com"
DIVERGED = "walls.natwelch.com"
CRASHING = "tab-archive.app"
APP = "photos.natwelch.com"
RELEASED = "writing.natwelch.com"
MIXED = "relay.natwelch.com"
AUTOMATIC = ("hello.natwelch.com", "mood.natwelch.com", "food.natwelch.com")
BY_LABEL = ("mood.natwelch.com", "quotes.natwelch.com")
"""Their builds share their branch's tag, `main` and `master`, and say their commit in a label; the first is deployed automatically, and gets the demo's first commit."""
ATTESTED = "life.natwelch.com"
"""Its workflow attests to its images."""
BY_RELEASE = ("etu.natwelch.com",)
"""Their builds are tagged with the versions that they release on GitHub."""
WITH_PATHS, PATHS = "melandnat.com", "**/*.go, go.mod"
"""A part of a monorepo: its newest commit touches none of these."""
QUIET = frozenset(
    {*READY, DEPLOYING, FAILED, DRIFTED, MISSING, UNKNOWN, HELD, RED, BUILDING, DIVERGED, CRASHING, MIXED}
)

FIRST_COMMIT_SECONDS = 20
COMMIT_EVERY_SECONDS = (25, 60)
CHECKS_SECONDS = 8
BUILD_SECONDS = 15
SLOW_START_SECONDS = 600
BUILD_OF_THE_BUILDING_SECONDS = 150
RELEASE_SECONDS = 6
RELEASE_LOG = ("Applying 0042_add_index…", "Applying 0043_drop_drafts…", "2 migrations applied.")
PAST_WRONG_APP = "hello.natwelch.com"
WITHOUT_A_SITE = "guestbook"


def set_the_scenes(world: World) -> None:
    """Bring every scene about, once, in a world that has just started."""
    _run_apps_of_several_workloads(world)
    chance = Random(34)
    for number, host in enumerate(READY, start=1):
        for _ in range(number * number):
            add_commit(world.repository(host), chance)
        sha = world.commit(host, "Publish this week's notes")
        if host == ATTESTED:
            world.repository(host).attest(world.build(host, sha), sha)
        if host == RELEASED:
            world.behaviours[world.image(host, sha)] = Behaviour(
                job_log=RELEASE_LOG, slow_seconds=RELEASE_SECONDS
            )
    world.behaviours[world.image(DEPLOYING, world.commit(DEPLOYING, "Move to the new charting library"))] = (
        SLOW(SLOW_START_SECONDS)
    )
    _fall_away(world, FAILED)
    _paste_into_the_wrong_app(world)
    world.cluster.delete_deployment(NAMESPACE, world.mappings[MISSING].deployment)
    world.repository(UNKNOWN).is_saml_protected = True
    world.commit(HELD, "Rewrite the introduction")
    world.commit(RED, "Try a newer scheduler", checks="FAILURE")
    building = world.commit(BUILDING, "Split the schema", built=False, checks="PENDING")
    world.build(BUILDING, building, after_seconds=BUILD_OF_THE_BUILDING_SECONDS)
    _hotfix(world)
    world.commit(WITH_PATHS, "Translate the other app", files=("web/de.json",))
    for host in world.by_release:
        world.commit(host, "Begin the next version")
    crash = world.commit(CRASHING, "Read the settings from a file")
    world.behaviours[world.image(CRASHING, crash)] = CRASHES(
        2, ("Starting…", "open /etc/tabs/settings.yaml: no such file or directory")
    )


def finish_the_building(
    world: World, announce: Callable[[str], None], *, after_seconds: float = BUILD_OF_THE_BUILDING_SECONDS
) -> threading.Timer:
    """Let the CI of the commit that is being built pass, after its image is there: what waits for both continues. Returns the timer."""

    def finish() -> None:
        repository = world.repository(BUILDING)
        repository.set_checks(repository.head, "SUCCESS")
        announce(BUILDING)

    timer = threading.Timer(after_seconds, finish)
    timer.daemon = True
    timer.start()
    return timer


def _run_apps_of_several_workloads(world: World) -> None:
    """Three sites are more than one Deployment, as demo/apps.csv maps them, and an app that is no site yet."""
    for host in (APP, RELEASED, MIXED):
        # In one of them someone has set the new image in the web Deployment, and forgotten the others.
        image = world.image(host, world.repository(host).graph.commits[-2].sha if host == MIXED else "")
        world.apply("background", image=image, name=world.mappings[host].deployment)
    name = world.mappings[RELEASED].deployment
    world.apply("release_job", image=world.image(RELEASED), name=name)
    path, sha = f"{PROJECT}/{WITHOUT_A_SITE}", world.repository(APP).head
    world.registry.push(path, sha)
    image = f"{world.registry.host}/{path}:{sha}"
    world.apply("app_of_one_image", image=image, name=WITHOUT_A_SITE)


def _fall_away(world: World, host: str) -> None:
    """What runs crashes since its pods were restarted: none is ready."""
    name, image = world.mappings[host].deployment, world.image(host)
    world.behaviours[image] = CRASHES(1, ("panic: board is nil", "goroutine 1 [running]:"))
    world.cluster.delete_deployment(NAMESPACE, name)
    world.cluster.create_deployment(NAMESPACE, name, containers={name: image}, replicas=2)


def _paste_into_the_wrong_app(world: World) -> None:
    """Someone pasted another app's image into this one's Deployment, as happened by hand."""
    name = world.mappings[DRIFTED].deployment
    world.cluster.set_image(
        NAMESPACE, name, container=name, image=world.image(PAST_WRONG_APP), manager="kubectl-edit"
    )


def _hotfix(world: World) -> None:
    """A commit of another branch runs, which the default branch never got."""
    repository = world.repository(DIVERGED)
    repository.create_branch("hotfix", repository.head)
    fix = repository.commit("Hotfix: serve the small pictures", branch="hotfix")
    world.build(DIVERGED, fix)
    name = world.mappings[DIVERGED].deployment
    world.cluster.set_image(
        NAMESPACE, name, container=name, image=world.image(DIVERGED, fix), manager="kubectl-set"
    )
    world.commit(DIVERGED, "Serve pictures from a bucket")


class Committer(threading.Thread):
    """Pushes something somewhere every now and then; its CI and its image follow after a while, as in real life.

    So they do when someone else pushes over git. GitHub sends its webhooks of each push, and when CI has ended.
    """

    def __init__(self, world: World) -> None:
        super().__init__(name="committer", daemon=True)
        self._world = world
        self._stopping = threading.Event()
        self._random = Random()

    def run(self) -> None:
        calm = sorted(set(self._world.mappings) - QUIET)
        pause, host = FIRST_COMMIT_SECONDS, BY_LABEL[0]
        while not self._stopping.wait(pause):
            self._commit(host)
            host = self._random.choice([*calm, *READY])
            pause = self._random.randint(*COMMIT_EVERY_SECONDS)

    def _commit(self, host: str) -> None:
        repository = self._world.repository(host)
        before, sha = repository.head, add_commit(repository, self._random)
        if host in self._world.by_release:
            repository.release(f"v1.{len(repository.releases)}.0", sha)
        self._run_pipeline(repository, [host], repository.default_branch, before)

    def pushed(self, repository: Repository, branch: str, before: str) -> None:
        """Someone has pushed over git. By release an image is built of a release alone."""
        hosts = [
            host
            for host, mapping in self._world.mappings.items()
            if mapping.slug.lower() == repository.full_name.lower()
            and branch == (mapping.branch or repository.default_branch)
            and branch in repository.branches
            and host not in self._world.by_release
        ]
        run = partial(self._run_pipeline, repository, hosts, branch, before)
        threading.Thread(target=run, name="pipeline", daemon=True).start()

    def _run_pipeline(self, repository: Repository, hosts: list[str], branch: str, before: str) -> None:
        sha, webhooks = repository.branches.get(branch, ""), self._world.github.webhooks
        for host in hosts:
            repository.set_checks(sha, "PENDING")
            self._world.build(host, sha, after_seconds=BUILD_SECONDS)
        webhooks.push(repository, before=before, branch=branch)
        if not hosts:
            return
        for seconds in (CHECKS_SECONDS, BUILD_SECONDS - CHECKS_SECONDS + 1):
            if self._stopping.wait(seconds):
                return
            repository.set_checks(sha, "SUCCESS")
            webhooks.check_suite(repository, sha)

    def stop(self) -> None:
        self._stopping.set()
        self.join()
