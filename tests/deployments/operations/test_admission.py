"""Webhooks rewrite the image that Headway sets: pinned by digest, led to a mirror, in the template or in its pods alone."""

import random
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Kind, Observation, Site, Status
from deployments.operations.deploys.restart import request_restart
from deployments.operations.deploys.rollback import request_rollback
from deployments.queries import site_page
from deployments.rules.site_state import State
from simulators.cluster import CRASHES, SLOW, Mutation
from simulators.cluster.store import copy
from tests.deployments.operations.following import HOST, NAME, Clock, rolled_out, see_through
from tests.factories import NOW, ask, begin, observe

pytestmark = [pytest.mark.usefixtures("sites"), pytest.mark.slow]

Mutate = Callable[[World], Mutation]


def mirror(world: World, **changes: object) -> Mutation:
    registries = {f"{world.registry.host}/": f"mirror.local/{world.registry.host.replace(':', '-')}/"}
    return Mutation(**{"registries": registries} | changes)


MUTATIONS: dict[str, Mutate] = {
    "pinned by digest": lambda _: Mutation(pins=True),
    "pinned, the tag dropped": lambda _: Mutation(pins=True, drops_tag=True),
    "through a mirror": mirror,
    "through a mirror, in pods alone": lambda world: mirror(world, kinds=("pods",)),
    "pinned in pods alone, the tag dropped": lambda _: Mutation(kinds=("pods",), pins=True, drops_tag=True),
    "mirrored and pinned": lambda world: mirror(world, pins=True, drops_tag=True),
}


@pytest.fixture(params=MUTATIONS.values(), ids=MUTATIONS)
def mutated(request: pytest.FixtureRequest, world: World) -> World:
    world.cluster.mutations.append(request.param(world))
    return world


@pytest.fixture
def pinned(world: World) -> World:
    world.cluster.mutations.append(Mutation(pins=True, drops_tag=True))
    return world


def seen() -> Observation:
    return Observation.objects.get(site__host=HOST)


def state() -> State:
    return site_page(name=HOST, now=NOW).row.answer.state


def patches(world: World) -> int:
    return sum(each.method == "PATCH" and each.status == 200 for each in world.cluster.requests)


def begun(deploy: Deploy, clients: Clients) -> Deploy:
    begin(deploy, clients)
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=timezone.now())
    return deploy


def touch(world: World) -> None:
    """Someone writes the Deployment without setting an image, by which a webhook comes to see it."""
    world.cluster.scale(NAMESPACE, NAME, 3)


def test_a_healthy_commit_succeeds_and_is_nobody_elses(mutated: World, clients: Clients) -> None:
    deploy = rolled_out(mutated, clients)

    see_through(deploy, clients)
    observe(clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert "headway" not in deploy.message
    assert (seen().running_sha, seen().desired_image) == (deploy.sha, mutated.running_image(HOST))
    assert state() is State.CURRENT


def test_what_the_api_server_answered_is_what_we_set(mutated: World, clients: Clients) -> None:
    mutated.commit(HOST)
    observe(clients)

    deploy = begin(ask(HOST), clients)

    assert deploy.set_image == mutated.running_image(HOST)
    assert (seen().accepted_image, seen().desired_image) == (deploy.set_image, deploy.set_image)


def test_the_next_commit_is_offered_and_goes_out_as_well(mutated: World, clients: Clients) -> None:
    see_through(rolled_out(mutated, clients), clients)

    second = see_through(rolled_out(mutated, clients), clients)

    assert second.status == Status.SUCCEEDED, second.message


def test_one_patch_is_enough_where_the_worker_never_heard_of_it(mutated: World, clients: Clients) -> None:
    mutated.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    mutated.cluster.drop_connection(1, method="PATCH", after=True)
    begin(deploy, clients)
    before = deploy.status

    begin(deploy, clients)

    assert (before, deploy.status) == (Status.QUEUED, Status.ROLLING_OUT)
    assert patches(mutated) == 1


def test_a_crash_fails_with_its_cause(mutated: World, clients: Clients) -> None:
    deploy = rolled_out(mutated, clients, CRASHES(3))
    mutated.cluster.wait_until(
        lambda: any(
            status.get("restartCount", 0) > 0
            for pod in mutated.cluster.pods(NAMESPACE, NAME)
            for status in pod["status"].get("containerStatuses", [])
        )
    )
    see_through(deploy, clients, clock=Clock(minutes=5))

    assert (deploy.status, deploy.reason) == (Status.FAILED, "crash"), deploy.message


def test_a_pod_that_is_spelt_otherwise_than_the_first_is_diagnosed_as_well(
    world: World, clients: Clients
) -> None:
    """A mirror's webhook came between two pods of one ReplicaSet: the first still starts, the other one crashes."""
    surge = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}
    older = world.running_image(HOST)
    world.cluster.delete_deployment(NAMESPACE, NAME)
    world.cluster.create_deployment(
        NAMESPACE, NAME, containers={NAME: older}, replicas=2, strategy=surge, settled=True
    )
    deploy = rolled_out(world, clients, SLOW(600))
    world.cluster.wait_until(lambda: len(started(world, deploy)) > 1)
    changed = started(world, deploy)[-1]
    changed["spec"]["containers"][0]["image"] = deploy.image.replace(
        world.registry.host, f"mirror.local/{world.registry.host.replace(':', '-')}"
    )
    ended = {"exitCode": 3, "reason": "Error", "finishedAt": changed["status"]["startTime"]}
    changed["status"]["containerStatuses"][0] |= {
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
        "restartCount": 1,
    }
    world.cluster.store.replace("pods", changed)

    see_through(deploy, clients, clock=Clock(minutes=5))

    assert (deploy.status, deploy.reason) == (Status.FAILED, "crash"), deploy.message


def started(world: World, deploy: Deploy) -> list[dict]:
    """The pods of the Deploy's image whose container has been started, by name."""
    return [
        pod
        for pod in world.cluster.pods(NAMESPACE, NAME)
        if pod["spec"]["containers"][0]["image"] == deploy.image
        and "containerID" in pod["status"].get("containerStatuses", [{}])[0]
    ]


def test_the_way_back_is_open(mutated: World, clients: Clients, nat: User) -> None:
    observe(clients)
    before = seen().running_sha
    first = see_through(rolled_out(mutated, clients), clients)

    back = request_rollback(site=first.site, sha=before, seen_sha=first.sha, by=nat, now=NOW)
    see_through(begun(back, clients), clients)

    assert back.status == Status.SUCCEEDED, back.message
    assert seen().running_sha == before


def test_its_pods_can_be_restarted(mutated: World, clients: Clients, nat: User) -> None:
    first = see_through(rolled_out(mutated, clients), clients)

    again = request_restart(site=first.site, seen_sha=first.sha, by=nat, now=NOW)
    see_through(begun(again, clients), clients)
    observe(clients)

    assert (again.kind, again.status) == (Kind.RESTART, Status.SUCCEEDED), again.message
    assert state() is State.CURRENT


def test_while_it_rolls_out_the_sync_knows_which_commit_still_runs(mutated: World, clients: Clients) -> None:
    first = see_through(rolled_out(mutated, clients), clients)
    rolled_out(mutated, clients, SLOW(600))

    observe(clients)

    assert seen().running_sha == first.sha


@pytest.mark.parametrize("drops_tag", [False, True])
def test_while_it_rolls_out_pods_of_one_commit_may_be_spelt_in_two_ways(
    world: World, clients: Clients, drops_tag: bool
) -> None:
    """A webhook came, and one of two old pods was evicted since."""
    first = see_through(rolled_out(world, clients), clients)
    world.cluster.mutations.append(Mutation(kinds=("pods",), pins=True, drops_tag=drops_tag))
    world.cluster.evict(started(world, first)[0])
    world.cluster.settle_now()
    rolled_out(world, clients, SLOW(600))

    observe(clients)

    assert seen().running_sha == first.sha


@pytest.mark.parametrize("is_synced", [True, False], ids=["synced", "not synced"])
def test_what_a_webhook_has_rewritten_since_is_known_to_run_while_the_next_rolls_out(
    world: World, clients: Clients, is_synced: bool
) -> None:
    first = see_through(rolled_out(world, clients), clients)
    world.commit(HOST)
    observe(clients)
    second = ask(HOST)
    world.cluster.mutations.append(mirror(world, pins=True, drops_tag=True))
    touch(world)
    world.cluster.settle_now()
    if is_synced:
        observe(clients)
    world.behaviours[second.image] = SLOW(600)
    begun(second, clients)

    observe(clients)

    assert second.status == Status.ROLLING_OUT, second.message
    assert seen().running_sha == first.sha


@pytest.mark.parametrize("touched", ["requested", "begun", "done"])
def test_a_webhook_that_appears_midway_changes_nothing_for_us(
    world: World, clients: Clients, touched: str
) -> None:
    """It rewrites what is there on anyone's next write."""
    see_through(rolled_out(world, clients), clients)
    world.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    world.cluster.mutations.append(mirror(world, pins=True, drops_tag=True))
    for moment in ("requested", "begun", "done"):
        if moment == "begun":
            begun(deploy, clients)
        if moment == "done":
            see_through(deploy, clients)
        if moment == touched:
            touch(world)
    see_through(deploy, clients)

    observe(clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert (seen().running_sha, state()) == (deploy.sha, State.CURRENT)


@pytest.mark.parametrize("changes", [{"pins": True, "drops_tag": True}, {}], ids=["pinned", "same tag"])
def test_a_rewriting_of_our_build_needs_no_record_of_who_wrote(
    world: World, clients: Clients, changes: dict[str, bool]
) -> None:
    """Some clients clear managedFields: https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields."""
    deploy = rolled_out(world, clients)
    world.cluster.mutations.append(mirror(world, **changes))
    touch(world)
    forget_writers(world)

    see_through(deploy, clients)
    observe(clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert (seen().running_sha, state()) == (deploy.sha, State.CURRENT)


def test_another_build_without_a_record_of_who_wrote_is_still_someone_elses(
    world: World, clients: Clients
) -> None:
    deploy = rolled_out(world, clients, SLOW(600))
    by_hand = world.image(HOST, world.repository(HOST).graph.commits[-3].sha)
    world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=by_hand)
    forget_writers(world)

    see_through(deploy, clients)

    assert deploy.status == Status.SUPERSEDED


def forget_writers(world: World) -> None:
    with world.cluster.store.lock:
        thing = world.cluster.deployment(NAMESPACE, NAME)
        thing["metadata"]["managedFields"] = []
        world.cluster.store.replace("deployments", thing)


def test_an_image_set_by_hand_is_still_someone_elses(pinned: World, clients: Clients) -> None:
    deploy = rolled_out(pinned, clients)
    by_hand = pinned.image(HOST, pinned.repository(HOST).graph.commits[-3].sha)
    pinned.cluster.set_image(NAMESPACE, NAME, container=NAME, image=by_hand, manager="kubectl-set")

    see_through(deploy, clients)

    assert deploy.status == Status.SUPERSEDED
    assert "kubectl-set" in deploy.message


@pytest.mark.parametrize("manager", ["argocd-controller", "kubectl-set"])
@pytest.mark.parametrize("spelt", ["as it was requested", "as it was rewritten"])
def test_a_rewritten_image_of_ours_that_others_set_again_is_known(
    world: World, clients: Clients, manager: str, spelt: str
) -> None:
    """A GitOps controller puts back what ran before, and the registry's mirror rewrites that as well."""
    world.cluster.mutations.append(mirror(world, pins=True, drops_tag=True))
    first = see_through(rolled_out(world, clients), clients)
    see_through(rolled_out(world, clients), clients)
    image = first.image if spelt == "as it was requested" else first.applied_image
    world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=image, manager=manager)
    world.cluster.settle_now()
    observe(clients)
    running = seen().running_sha

    third = see_through(rolled_out(world, clients), clients)

    assert running == first.sha
    assert third.status == Status.SUCCEEDED, third.message


def test_another_apps_rewritten_image_is_still_refused(world: World, clients: Clients) -> None:
    world.cluster.mutations.append(mirror(world))
    see_through(rolled_out(world, clients), clients)
    world.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    foreign = world.image("chartopia.app")
    world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=foreign, manager="kubectl-set")

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert "Nothing was changed. Correct the mapping" in deploy.message


def test_another_apps_image_is_still_refused(pinned: World, clients: Clients) -> None:
    pinned.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    foreign = pinned.image("chartopia.app")
    pinned.cluster.set_image(NAMESPACE, NAME, container=NAME, image=foreign, manager="kubectl-set")

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert "Nothing was changed. Correct the mapping" in deploy.message


def test_a_mapping_that_is_changed_is_judged_again(mutated: World, clients: Clients) -> None:
    """What an admission made of the image before proves nothing for another app."""
    see_through(rolled_out(mutated, clients), clients)
    Site.objects.filter(host=HOST).update(image_template="gcr.io/other/{repository}:{sha}")

    observe(clients)

    assert state() is State.DRIFTED


def test_a_webhook_that_leaves_the_old_image_has_refused_the_change(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    world.cluster.mutations.append(Mutation(registries={deploy.image: deploy.from_image}))

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert "left the image at" in deploy.message


def test_a_webhook_that_puts_another_build_into_the_pods_is_found_by_its_digest(
    world: World, clients: Clients
) -> None:
    deploy = rolled_out(world, clients)
    world.cluster.settle_now()
    for pod in world.cluster.pods(NAMESPACE, NAME):
        changed = copy(pod)
        changed["spec"]["containers"][0]["image"] = deploy.from_image
        changed["status"]["containerStatuses"][0]["imageID"] = world.registry.image_id(deploy.from_image)
        world.cluster.store.replace("pods", changed)

    see_through(deploy, clients)

    assert (deploy.status, deploy.reason) == (Status.FAILED, "other_build")


def test_pods_of_a_first_sight_are_taken_as_they_are(world: World, clients: Clients) -> None:
    """A registry mirror in pods alone: the template says which commit runs."""
    world.cluster.mutations.append(mirror(world, kinds=("pods",)))
    world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=world.image(HOST))
    world.cluster.scale(NAMESPACE, NAME, 5)

    observe(clients)

    assert seen().running_sha == world.repository(HOST).head


def test_deploys_that_requested_the_very_image_keep_no_second_spelling(
    world: World, clients: Clients
) -> None:
    deploy = see_through(rolled_out(world, clients), clients)

    assert Deploy.objects.get(pk=deploy.pk).applied_image == ""
    assert seen().requested_image == ""


STRIKES = ("answer lost", "patch lost", "conflict", "500", "403", "webhook", "touched")


def strike(name: str, world: World) -> None:
    match name:
        case "answer lost" | "patch lost":
            world.cluster.drop_connection(1, method="PATCH", after=name == "answer lost")
        case "conflict":
            world.cluster.fail_next(409, times=2, method="PATCH")
        case "500" | "403":
            world.cluster.fail_next(int(name), path_contains="/deployments/")
        case "webhook":
            world.cluster.mutations.append(mirror(world, pins=True, drops_tag=True))
        case "touched":
            touch(world)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_midway_it_is_one_patch_and_a_success(
    world: World, clients: Clients, seed: int
) -> None:
    """Workers die and hear no answer, the API server stumbles, webhooks come, and others write: in any order."""
    chance = random.Random(seed)
    happening = chance.sample(STRIKES, k=4)
    see_through(rolled_out(world, clients), clients)
    world.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    world.cluster.requests.clear()
    for each in happening:
        strike(each, world)
        begun(deploy, clients)
    while deploy.status == Status.QUEUED:
        begun(deploy, clients)

    see_through(deploy, clients)
    observe(clients)

    took_effect = [each for each in world.cluster.requests if each.method == "PATCH" and each.status == 200]
    assert deploy.status == Status.SUCCEEDED, (happening, deploy.message)
    assert len(took_effect) == 1, happening
    assert (seen().running_sha, state()) == (deploy.sha, State.CURRENT), happening
