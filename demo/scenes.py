"""One site in every state that the list can show, and commits that arrive while you look.

Everything here happens outside Headway, as it would in real life: a CI that fails, an image that is not built yet, a SHA pasted
into the wrong app. What Headway itself has to do for a state, it is asked for in demo/__main__.py.
"""

import threading
from collections.abc import Callable
from random import Random

from demo.world import NAMESPACE, World
from simulators.cluster import CRASHES, SLOW
from simulators.github import add_commit

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
AUTOMATIC = ("hello.natwelch.com", "quotes.natwelch.com", "food.natwelch.com")
BY_LABEL = ("quotes.natwelch.com", "mood.natwelch.com")
"""Their builds share the tag `main`, and say their commit in a label; the first is deployed automatically."""
QUIET = frozenset(
    {*READY, DEPLOYING, FAILED, DRIFTED, MISSING, UNKNOWN, HELD, RED, BUILDING, DIVERGED, CRASHING}
)

FIRST_COMMIT_SECONDS = 20
COMMIT_EVERY_SECONDS = (25, 60)
CHECKS_SECONDS = 8
BUILD_SECONDS = 15
SLOW_START_SECONDS = 600
BUILD_OF_THE_BUILDING_SECONDS = 240
PAST_WRONG_APP = "hello.natwelch.com"


def set_the_scenes(world: World) -> None:
    """Bring every scene about, once, in a world that has just started."""
    chance = Random(34)
    for number, host in enumerate(READY, start=1):
        for _ in range(number * number):
            add_commit(world.repository(host), chance)
        world.commit(host, "Publish this week's notes")
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
    crash = world.commit(CRASHING, "Read the settings from a file")
    world.behaviours[world.image(CRASHING, crash)] = CRASHES(
        2, ("Starting…", "open /etc/tabs/settings.yaml: no such file or directory")
    )


def _fall_away(world: World, host: str) -> None:
    """What runs crashes since its pods were started anew: none is ready any more."""
    name, image = world.mappings[host].deployment, world.image(host)
    world.behaviours[image] = CRASHES(1, ("panic: board is nil", "goroutine 1 [running]:"))
    world.cluster.delete_deployment(NAMESPACE, name)
    world.cluster.create_deployment(NAMESPACE, name, containers={name: image}, replicas=2)


def _paste_into_the_wrong_app(world: World) -> None:
    """Somebody pasted another app's image into this one's Deployment, as happened by hand."""
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
    """Commits something somewhere every now and then; its CI and its image follow after a while, as in real life."""

    def __init__(self, world: World, announce: Callable[[str], None]) -> None:
        """`announce` is called with a site's host after each of its commits, builds and checks, like a hook."""
        super().__init__(name="committer", daemon=True)
        self._world = world
        self._announce = announce
        self._stopping = threading.Event()
        self._random = Random()

    def run(self) -> None:
        calm = sorted(set(self._world.mappings) - QUIET)
        pause = FIRST_COMMIT_SECONDS
        while not self._stopping.wait(pause):
            self._commit(self._random.choice([*calm, *READY]))
            pause = self._random.randint(*COMMIT_EVERY_SECONDS)

    def _commit(self, host: str) -> None:
        repository = self._world.repository(host)
        sha = add_commit(repository, self._random)
        repository.set_checks(sha, "PENDING")
        self._world.build(host, sha, after_seconds=BUILD_SECONDS)
        self._announce(host)
        for seconds in (CHECKS_SECONDS, BUILD_SECONDS - CHECKS_SECONDS + 1):
            if self._stopping.wait(seconds):
                return
            repository.set_checks(sha, "SUCCESS")
            self._announce(host)

    def stop(self) -> None:
        self._stopping.set()
        self.join()
