"""A cluster's ordinary bad days: what passes ends no Deploy, and what does not is said as the cluster says it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.clients.cluster import parse
from deployments.models import Deploy, Observation, Site, Status
from deployments.rules.pods import is_ready
from simulators.cluster import (
    ATTACHES_AFTER,
    GATE_CLOSED,
    HEALTHY,
    MOUNTS_AFTER,
    NO_SANDBOX,
    PULLS_FOR,
    REGISTRY_DOWN,
    SLOW,
    STUCK,
    Behaviour,
)
from simulators.cluster.store import copy
from tests.deployments.operations.following import (
    HOST,
    NAME,
    TIMEOUTS,
    Clock,
    rolled_out,
    see_through,
    stated,
)
from tests.factories import observe

WATCHING_FOR_AN_HOUR = replace(TIMEOUTS, stability=timedelta(hours=1), rollout=timedelta(hours=9))
AT_ONCE = replace(TIMEOUTS, details=timedelta(0))
GATE = "example.com/load-balancer"

pytestmark = [pytest.mark.usefixtures("sites"), pytest.mark.slow]


def is_verifying(deploy: Deploy) -> bool:
    return bool(deploy.status == Status.VERIFYING)


def created(world: World, **more: object) -> None:
    """The site's Deployment recreated, with pods of another kind."""
    older = world.running_image(HOST)
    world.cluster.delete_deployment(NAMESPACE, NAME)
    container = {"image": older, **more.pop("container", {})}
    world.cluster.create_deployment(NAMESPACE, NAME, containers={NAME: container}, settled=True, **more)


def new_pods(world: World, deploy: Deploy) -> list[dict]:
    pods = world.cluster.pods(NAMESPACE, NAME)
    return [pod for pod in pods if pod["spec"]["containers"][0]["image"] == deploy.image]


def wait_for_event(world: World, *reasons: str) -> None:
    world.cluster.wait_until(
        lambda: any(each["reason"] in reasons for each in world.cluster.store.all_of("events", NAMESPACE))
    )


def test_an_evicted_pod_is_nobodys(world: World, clients: Clients) -> None:
    """It stays as Failed, with an exit code, for as long as its ReplicaSet is there; another one starts in its place."""
    deploy = rolled_out(world, clients, SLOW(600))
    wait_for_event(world, "Started")
    world.cluster.evict(new_pods(world, deploy)[0])
    world.cluster.wait_until(lambda: len(new_pods(world, deploy)) > 1)

    see_through(deploy, clients, clock=Clock(minutes=9), until=lambda deploy: deploy.updated > 0)

    assert deploy.status == Status.ROLLING_OUT
    assert "new pods (" in deploy.message
    assert "ended as Evicted: The node was low on resource: memory." in deploy.message


def test_the_cause_is_said_though_the_clusters_clock_is_behind_ours(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, ATTACHES_AFTER())
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=timezone.now() + timedelta(minutes=10))
    wait_for_event(world, "FailedAttachVolume")

    see_through(
        deploy,
        clients,
        clock=Clock(minutes=12),
        until=lambda deploy: "A volume of the pod is not ready yet" in deploy.message,
    )

    assert deploy.status == Status.ROLLING_OUT


def test_a_rollout_that_lost_a_pod_to_its_node_ends_well(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    wait_for_event(world, "Started")
    world.cluster.evict(new_pods(world, deploy)[0], reason="Terminated", message="The node shuts down.")

    see_through(deploy, clients, timeouts=AT_ONCE, clock=Clock(minutes=9))

    assert (deploy.status, deploy.ready) == (Status.SUCCEEDED, deploy.wanted)
    assert "Failed" in {pod["status"]["phase"] for pod in new_pods(world, deploy)}


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (ATTACHES_AFTER(), "A volume of the pod is not ready yet: Multi-Attach error"),
        (MOUNTS_AFTER(), "failed to sync configmap cache: timed out waiting for the condition"),
        (STUCK("CreateContainerError", 'name "web_0" is reserved for "8a1b"'), 'is reserved for "8a1b"'),
        (NO_SANDBOX(), "failed to assign an IP address to container"),
        (STUCK("ImageInspectError", "layer not known"), "ImageInspectError: layer not known"),
        (PULLS_FOR(600), f"The image of “{NAME}” is being pulled, for 8 minutes so far."),
    ],
)
def test_what_may_yet_pass_is_said_as_the_cluster_says_it(
    world: World, clients: Clients, behaviour: Behaviour, words: str
) -> None:
    deploy = rolled_out(world, clients, behaviour)
    wait_for_event(world, "FailedAttachVolume", "FailedMount", "FailedCreatePodSandBox", "Pulling")

    see_through(
        deploy, clients, clock=Clock(minutes=8, seconds=5), until=lambda deploy: words in deploy.message
    )

    assert (deploy.status, words in deploy.message) == (Status.ROLLING_OUT, True)
    assert "Create what is missing" not in deploy.message


def test_a_pull_that_fails_in_several_pods_is_said_by_the_one_whose_events_are_known(
    world: World, clients: Clients
) -> None:
    """While the kubelet backs off, events alone have the cause; they are listed for the pod that has been late for the longest."""
    surge = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}
    created(world, replicas=2, strategy=surge)
    deploy = rolled_out(world, clients, REGISTRY_DOWN)
    world.cluster.wait_until(lambda: sum(backs_off(pod) for pod in new_pods(world, deploy)) > 1)
    younger = new_pods(world, deploy)[0]
    younger["metadata"]["creationTimestamp"] = "2199-01-01T00:00:00Z"
    world.cluster.store.replace("pods", younger)

    see_through(deploy, clients, timeouts=AT_ONCE, clock=Clock(minutes=16))

    assert (deploy.status, deploy.reason) == (Status.TIMED_OUT, "pull_failed")
    assert "503 Service Unavailable" in deploy.message


def backs_off(pod: dict) -> bool:
    statuses = pod["status"].get("containerStatuses", ())
    return any(each["state"].get("waiting", {}).get("reason") == "ImagePullBackOff" for each in statuses)


def test_a_volume_that_attaches_late_ends_well(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, ATTACHES_AFTER(0.2))
    wait_for_event(world, "FailedAttachVolume")

    see_through(deploy, clients, timeouts=AT_ONCE, clock=Clock(minutes=2))

    assert deploy.status == Status.SUCCEEDED


def test_what_never_passes_times_out_with_its_cause(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, ATTACHES_AFTER())
    wait_for_event(world, "FailedAttachVolume")

    see_through(deploy, clients, clock=Clock(minutes=16))

    assert (deploy.status, deploy.reason) == (Status.TIMED_OUT, "volume")
    assert "Multi-Attach error" in deploy.message


def test_a_volume_that_waits_for_a_lost_node_is_said_with_the_pod_on_it(
    world: World, clients: Clients
) -> None:
    lost = copy(world.cluster.pods(NAMESPACE, NAME)[0])
    lost["metadata"] |= {"uid": "lost", "name": f"{NAME}-lost", "deletionTimestamp": "2026-11-22T10:00:00Z"}
    lost["spec"]["nodeName"] = "node-3"
    world.cluster.store.add("pods", lost, quiet=True)
    deploy = rolled_out(world, clients, ATTACHES_AFTER())
    wait_for_event(world, "FailedAttachVolume")

    see_through(
        deploy, clients, clock=Clock(minutes=2), until=lambda deploy: "Multi-Attach error" in deploy.message
    )

    assert f"Pod {NAME}-lost should have stopped " in deploy.message
    assert deploy.message.endswith(" ago. Check its node, node-3.")


def test_a_closed_readiness_gate_fails_it_with_the_gates_own_words(world: World, clients: Clients) -> None:
    created(world, pod={"readinessGates": [{"conditionType": GATE}]})
    deploy = rolled_out(world, clients, GATE_CLOSED())
    world.cluster.wait_until(
        lambda: any(
            each["type"] == GATE and each["status"] == "False"
            for pod in new_pods(world, deploy)
            for each in pod["status"].get("conditions", ())
        )
    )

    see_through(deploy, clients, clock=Clock(minutes=11))

    assert (deploy.status, deploy.reason) == (Status.FAILED, "readiness_gate")
    assert "Health checks failed with these codes: [404]" in deploy.message


def test_a_startup_probe_has_the_time_that_it_asks_for(world: World, clients: Clients) -> None:
    """Half an hour here: the usual deadline and Headway's own time are shorter."""
    created(world, container={"startupProbe": {"periodSeconds": 10, "failureThreshold": 180}})
    deploy = rolled_out(world, clients, SLOW(600))
    wait_for_event(world, "Unhealthy")

    see_through(
        deploy, clients, clock=Clock(minutes=20), until=lambda deploy: "startup probe" in deploy.message
    )
    before = deploy.status
    see_through(deploy, clients, clock=Clock(minutes=31))

    assert (before, deploy.status, deploy.reason) == (Status.ROLLING_OUT, Status.FAILED, "startup")


def test_a_rollout_that_makes_progress_is_not_timed_out(world: World, clients: Clients) -> None:
    """Patched an hour ago, and its next pod came up ten minutes ago: neither is it undone where failures are."""
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    deploy = rolled_out(world, clients, SLOW(600))
    clock = Clock(minutes=60)
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=clock() - timedelta(hours=1))
    deploy.steps.update(progress=99, progressed_at=clock() - timedelta(minutes=10))

    see_through(deploy, clients, clock=clock, until=lambda deploy: deploy.updated > 0)

    assert (deploy.status, deploy.site.deploys.count()) == (Status.ROLLING_OUT, 1)


def test_a_rollout_without_progress_times_out(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients, SLOW(600))
    clock = Clock(minutes=60)
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=clock() - timedelta(hours=1))
    deploy.steps.update(progress=99, progressed_at=clock() - timedelta(minutes=16))

    see_through(deploy, clients, clock=clock)

    assert deploy.status == Status.TIMED_OUT


@pytest.mark.parametrize(
    ("minutes", "status", "deploys"), [(10, Status.ROLLING_OUT, 1), (20, Status.TIMED_OUT, 2)]
)
def test_one_pod_that_crashes_undoes_nothing_while_another_is_up_until_the_time_is_over(
    world: World, clients: Clients, minutes: int, status: Status, deploys: int
) -> None:
    surge = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}
    created(world, replicas=2, strategy=surge)
    Site.objects.filter(host=HOST).update(auto_rollback=True)
    deploy = rolled_out(world, clients, SLOW(600))
    world.cluster.wait_until(lambda: sum(has_started(pod) for pod in new_pods(world, deploy)) > 1)
    up, crashing = (copy(pod) for pod in new_pods(world, deploy))
    for condition in up["status"]["conditions"]:
        condition["status"] = "True"
    ended = {"exitCode": 3, "reason": "Error", "finishedAt": crashing["status"]["startTime"]}
    crashing["status"]["containerStatuses"][0] |= {
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
        "restartCount": 5,
    }
    for pod in (up, crashing):
        world.cluster.store.replace("pods", pod)
    see_through(deploy, clients, until=lambda deploy: deploy.ready > 0)

    see_through(
        deploy,
        clients,
        clock=Clock(minutes=minutes),
        until=lambda deploy: "crashing (exit code 3" in deploy.message,
    )

    assert (deploy.status, deploy.site.deploys.count()) == (status, deploys), deploy.message
    assert "keeps crashing (exit code 3, 5 restarts)" in deploy.message


def has_started(pod: dict) -> bool:
    return "containerID" in pod["status"].get("containerStatuses", [{}])[0]


def test_every_step_of_a_rollout_is_written_down_as_progress(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    deploy.steps.update(progress=-99, progressed_at=deploy.requested_at)
    clock = Clock(minutes=5)

    see_through(deploy, clients, clock=clock)

    step = deploy.steps.get()
    assert step.progressed_at is not None
    assert clock() - step.progressed_at < timedelta(minutes=1)


def test_an_annotation_is_no_pod_that_fell_away(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    see_through(deploy, clients, timeouts=WATCHING_FOR_AN_HOUR, until=is_verifying)
    world.cluster.lag_deployment_controller(600)
    world.cluster.annotate(NAMESPACE, NAME, team="shop")

    see_through(deploy, clients, timeouts=WATCHING_FOR_AN_HOUR, until=is_verifying)

    assert deploy.status == Status.VERIFYING
    assert not any("fell away" in line for line in stated(deploy))


def test_a_deployment_that_is_scaled_meanwhile_has_lost_no_pod(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    see_through(deploy, clients, timeouts=WATCHING_FOR_AN_HOUR, until=is_verifying)
    world.behaviours[deploy.image] = SLOW(600)
    world.cluster.scale(NAMESPACE, NAME, 3)

    see_through(deploy, clients, timeouts=WATCHING_FOR_AN_HOUR, until=lambda deploy: not is_verifying(deploy))

    assert deploy.status == Status.ROLLING_OUT
    assert not any("fell away" in line for line in stated(deploy))


def test_old_pods_that_fell_away_and_came_back_between_two_syncs_run_what_they_ran(
    world: World, clients: Clients
) -> None:
    """Their controller is late: the Deployment is the same as when none of them was ready."""
    observe(clients)
    before = Observation.objects.get(site__host=HOST).running_sha
    rolled_out(world, clients, SLOW(600))
    old = [pod for pod in world.cluster.pods(NAMESPACE, NAME) if is_ready(parse.pod(pod))]
    world.cluster.lag_deployment_controller(600)
    for pod in old:
        fallen = copy(pod)
        for condition in fallen["status"]["conditions"]:
            condition["status"] = "False" if condition["type"] == "Ready" else condition["status"]
        world.cluster.store.replace("pods", fallen)
    observe(clients)
    for pod in old:
        world.cluster.store.replace("pods", pod)

    observe(clients)

    assert Observation.objects.get(site__host=HOST).running_sha == before


def test_the_new_pod_is_up_is_never_said_of_a_failure(world: World, clients: Clients) -> None:
    """The Deployment counts its pods as available, and none that runs the image is seen to be ready."""
    deploy = rolled_out(world, clients)
    world.cluster.settle_now()
    for pod in world.cluster.pods(NAMESPACE, NAME):
        changed = copy(pod)
        for condition in changed["status"]["conditions"]:
            condition["status"] = "False" if condition["type"] == "Ready" else condition["status"]
        world.cluster.store.replace("pods", changed)

    see_through(deploy, clients, clock=Clock(minutes=16))

    assert (deploy.status, deploy.message) == (
        Status.FAILED,
        "The pod's containers are ready, but the pod is not: no reason given.",
    )


def test_the_timeline_grows_no_line_where_only_a_pods_name_changed(world: World, clients: Clients) -> None:
    """A quota's refusal names another pod each time."""
    used = len(world.cluster.store.all_of("pods", NAMESPACE))
    world.cluster.set_pod_quota(NAMESPACE, used)
    deploy = rolled_out(world, clients, HEALTHY)
    wait_for_event(world, "FailedCreate")
    see_through(deploy, clients, timeouts=AT_ONCE, until=lambda deploy: "quota" in deploy.message)
    first, lines = deploy.message, stated(deploy)
    world.cluster.wait_until(
        lambda: (
            sum(each["reason"] == "FailedCreate" for each in world.cluster.store.all_of("events", NAMESPACE))
            > 1
        )
    )

    see_through(deploy, clients, timeouts=AT_ONCE, until=lambda deploy: deploy.message != first)

    assert deploy.message != first
    assert stated(deploy) == lines
