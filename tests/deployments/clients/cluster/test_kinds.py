"""Workloads of every kind over HTTP: read, patched in one go, judged by what the cluster then says, and Jobs made of CronJobs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deployments.clients.cluster import (
    AlreadyExists,
    Cluster,
    ClusterRefused,
    Conflict,
    DeniedByPolicy,
    Invalid,
    NoSuchContainer,
    NotFound,
    connect,
)
from deployments.rules.jobs import Job, JobPhase, job_pods, judge_job
from deployments.rules.new_pods import blocked, blocking_pod, new_pods
from deployments.rules.permissions import permissions_for
from deployments.rules.pods import is_ready
from deployments.rules.restarts import restarted_pods
from deployments.rules.rollouts import Phase, Rollout, judge_rollout
from deployments.rules.selectors import selector
from deployments.rules.workloads import (
    OUR_MANAGER,
    Workload,
    WorkloadKind,
    all_images,
    image_writer,
    is_settled,
    matching_containers,
    owned_pods,
    running_images,
)
from simulators.cluster import (
    CRASHES,
    FAILS_AS_JOB,
    HEALTHY,
    SLOW,
    Behaviour,
    DemoCluster,
    Denial,
    Mutation,
)
from simulators.cluster.cluster import RBAC, WORKLOADS_RBAC
from tests.simulators.cluster.conftest import KINDS

NAMES = {"Deployment": "shop", "StatefulSet": "db", "DaemonSet": "agent", "CronJob": "report"}
IN_PODS = [kind for kind in NAMES if kind != "CronJob"]
FIRST, SECOND = "app:1", "app:2"
BOTH = {"migrate": SECOND, "web": SECOND}
SAME_IMAGE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: default, labels: {app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      initContainers:
        - {name: migrate, image: "app:1", command: [./manage, migrate]}
      containers:
        - {name: web, image: "app:1", ports: [{containerPort: 8080}]}
"""


@pytest.fixture
def behaviours() -> dict[str, Behaviour]:
    return {}


@pytest.fixture
def kinds(behaviours: dict[str, Behaviour]) -> Iterator[DemoCluster]:
    """A workload of every kind, at rest, in a cluster that knows the Roles of base and of the component."""
    with DemoCluster(
        rbac=(RBAC, WORKLOADS_RBAC),
        behaviour=lambda image: behaviours.get(image, HEALTHY),
        start_seconds=0.05,
    ) as cluster:
        cluster.apply(SAME_IMAGE + "---\n" + KINDS.read_text())
        cluster.settle_now()
        yield cluster


@pytest.fixture
def client(kinds: DemoCluster, tmp_path: Path) -> Iterator[Cluster]:
    with connect(kubeconfig=kinds.write_kubeconfig(tmp_path / "config"), timeout_seconds=(60, 60)) as cluster:
        yield cluster


def read(client: Cluster, kind: str) -> Workload:
    return client.workload(kind, "default", NAMES[kind])


def changed(client: Cluster, kind: str, images: dict[str, str] = BOTH) -> Workload:
    return client.set_images(read(client, kind), images=images, annotations={"headway.dev/deploy": "7"})


def rollout(client: Cluster, kind: str, images: dict[str, str] = BOTH) -> Rollout:
    return judge_rollout(read(client, kind), images=images)


def strategy(cluster: DemoCluster, kind: str, **strategy: Any) -> None:
    def change(thing: dict[str, Any]) -> None:
        thing["spec"]["updateStrategy"] = strategy

    cluster.change(kind, "default", NAMES[kind], change)


def ended(cluster: DemoCluster, client: Cluster, name: str) -> Job:
    """The Job, once it is done."""
    cluster.settle_now()
    return client.job("default", name)


def release(client: Cluster, *, name: str = "upgrade-7", image: str = SECOND) -> Job:
    cron_job = client.workload("CronJob", "default", "upgrade")
    marks = {"headway.dev/deploy": "7"}
    return client.create_job(cron_job, name=name, images={"web": image}, annotations=marks)


@pytest.mark.parametrize("kind", NAMES)
def test_every_container_of_the_sites_image_gets_the_new_one_in_one_request(
    kinds: DemoCluster, client: Cluster, kind: str
) -> None:
    before = read(client, kind)
    found = matching_containers(before, {"docker.io/library/app"})
    asked = len(kinds.requests.entries)

    after = client.set_images(before, images={each.name: SECOND for each in found}, annotations={"a": "b"})

    assert {name: image for name, image in all_images(after).items() if name != "proxy"} == BOTH
    assert len(kinds.requests.entries) == asked + 1
    assert after.annotations["a"] == "b"
    assert image_writer(after, container="migrate") == image_writer(after, container="web")
    writer = image_writer(after, container="web")
    assert writer is not None
    assert writer.manager == OUR_MANAGER


@pytest.mark.parametrize("kind", NAMES)
def test_a_list_and_a_read_tell_the_same(client: Cluster, kind: str) -> None:
    assert client.workloads(kind, "default").named(NAMES[kind]) == read(client, kind)


@pytest.mark.parametrize("kind", NAMES)
def test_a_container_that_is_not_there_is_not_added(kinds: DemoCluster, client: Cluster, kind: str) -> None:
    with pytest.raises(NoSuchContainer, match=f"The {kind} “{NAMES[kind]}” has no container “worker”"):
        changed(client, kind, {"web": SECOND, "worker": SECOND})

    assert set(all_images(read(client, kind)).values()) <= {FIRST, "envoy:1"}


@pytest.mark.parametrize("kind", NAMES)
def test_a_workload_that_has_changed_since_it_was_read_conflicts(
    kinds: DemoCluster, client: Cluster, kind: str
) -> None:
    stale = read(client, kind)
    changed(client, kind)

    with pytest.raises(Conflict):
        client.set_images(stale, images={"web": "app:3"}, annotations={})


@pytest.mark.parametrize("kind", NAMES)
def test_where_all_have_their_image_nothing_is_sent(kinds: DemoCluster, client: Cluster, kind: str) -> None:
    changed(client, kind)
    before = read(client, kind)
    asked = len(kinds.requests.entries)

    after = client.set_images(before, images=dict.fromkeys(BOTH, "docker.io/library/app:2"), annotations={})

    assert (after, len(kinds.requests.entries)) == (before, asked)


@pytest.mark.parametrize("kind", NAMES)
def test_a_dry_run_shows_what_a_webhook_makes_of_it_and_changes_nothing(
    kinds: DemoCluster, client: Cluster, kind: str
) -> None:
    kinds.mutations.append(Mutation(registries={"app:": "mirror.example/app:"}))
    before = read(client, kind)

    answer = client.set_images(before, images=BOTH, annotations={}, dry_run=True)

    assert all_images(answer)["migrate"] == "mirror.example/app:2"
    assert read(client, kind) == before


@pytest.mark.parametrize("kind", NAMES)
def test_what_a_policy_would_refuse_is_refused_in_the_dry_run(
    kinds: DemoCluster, client: Cluster, kind: str
) -> None:
    kinds.denials.append(Denial(webhook="signed.example", image=SECOND, message="it is not signed"))

    with pytest.raises(DeniedByPolicy, match="it is not signed"):
        client.set_images(read(client, kind), images=BOTH, annotations={}, dry_run=True)


@pytest.mark.parametrize("kind", NAMES)
def test_a_rollout_is_complete_once_its_pods_are_up_and_all_of_them_are_new(
    kinds: DemoCluster, client: Cluster, kind: str
) -> None:
    changed(client, kind)
    kinds.settle_now()

    after, judged = read(client, kind), rollout(client, kind)
    pods = client.pods("default", label_selector=selector(after.selector))
    sets = client.replica_sets("default", label_selector="")
    assert judged.phase is Phase.COMPLETE
    assert is_settled(after)
    assert len(new_pods(after, pods, sets)) == len(owned_pods(after, pods)) == judged.wanted
    assert running_images(after, pods, container="web") == ({SECOND} if judged.wanted else set())


@pytest.mark.parametrize("kind", IN_PODS)
def test_a_rollout_whose_first_pod_crashes_is_under_way_and_its_new_pod_is_known(
    kinds: DemoCluster, client: Cluster, behaviours: dict[str, Behaviour], kind: str
) -> None:
    behaviours[SECOND] = CRASHES()
    kinds.mutations.append(Mutation(kinds=("pods",), pins=True))

    changed(client, kind, {"web": SECOND})
    kinds.settle_now()

    after = read(client, kind)
    pods = client.pods("default", label_selector=selector(after.selector))
    new = new_pods(after, pods, client.replica_sets("default", label_selector=""))
    assert rollout(client, kind, {"web": SECOND}).phase is Phase.PROGRESSING
    assert len(new) >= 1
    assert all(SECOND in each.containers[0].image and not is_ready(each) for each in new)
    assert not is_settled(after)


def test_going_back_from_a_broken_stateful_set_names_the_pod_to_delete_and_then_continues(
    kinds: DemoCluster, client: Cluster, behaviours: dict[str, Behaviour]
) -> None:
    behaviours[SECOND] = CRASHES()
    changed(client, "StatefulSet", {"web": SECOND})
    kinds.settle_now()
    changed(client, "StatefulSet", {"web": FIRST})
    kinds.settle_now()
    before = read(client, "StatefulSet")
    pods = client.pods("default", label_selector="app=db")
    pod = blocking_pod(before, pods)
    assert pod is not None

    kinds.machinery.terminate(kinds.pods_of("StatefulSet", "default", "db")[-1])
    kinds.settle_now()

    assert (pod.name, "kubectl delete pod db-2" in blocked(before, pods)) == ("db-2", True)
    assert rollout(client, "StatefulSet", {"web": FIRST}).phase is Phase.COMPLETE


def test_a_partition_is_kept_and_said(kinds: DemoCluster, client: Cluster) -> None:
    strategy(kinds, "StatefulSet", type="RollingUpdate", rollingUpdate={"partition": 2})

    changed(client, "StatefulSet")
    kinds.settle_now()

    judged = rollout(client, "StatefulSet")
    assert (judged.phase, judged.wanted) == (Phase.COMPLETE, 1)
    assert "2 pods are not replaced, because the StatefulSet's partition is 2" in judged.message


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_with_on_delete_the_rollout_is_complete_at_once(
    kinds: DemoCluster, client: Cluster, kind: str
) -> None:
    strategy(kinds, kind, type="OnDelete")

    changed(client, kind)
    kinds.settle_now()

    judged = rollout(client, kind)
    assert (judged.phase, judged.wanted) == (Phase.COMPLETE, 0)
    assert "new pods start when the old ones are deleted" in judged.message


def test_a_cron_jobs_job_under_way_is_said(
    kinds: DemoCluster, client: Cluster, behaviours: dict[str, Behaviour]
) -> None:
    behaviours[FIRST] = SLOW(600)
    kinds.run_cron_job("default", "report")

    changed(client, "CronJob")

    assert (
        rollout(client, "CronJob").message
        == "Applied. The next job uses it. 1 job under way keeps its image."
    )


@pytest.mark.parametrize("kind", IN_PODS)
def test_a_restart_replaces_every_pod_and_keeps_the_images(
    kinds: DemoCluster, client: Cluster, kind: str
) -> None:
    at = "2026-11-23T12:00:00+00:00"
    before = all_images(read(client, kind))

    client.restart(read(client, kind), at=at, annotations={})
    kinds.settle_now()

    after = read(client, kind)
    pods = owned_pods(after, client.pods("default", label_selector=selector(after.selector)))
    assert all_images(after) == before
    assert pods
    assert restarted_pods(after, pods, at=at) == pods


def test_a_cron_job_has_nothing_to_restart(client: Cluster) -> None:
    with pytest.raises(Invalid, match="nothing to restart"):
        client.restart(read(client, "CronJob"), at="2026-11-23T12:00:00+00:00", annotations={})


def test_a_job_is_made_of_the_cron_job_with_the_new_image_and_all_else_as_it_is(
    kinds: DemoCluster, client: Cluster
) -> None:
    made = release(client)

    job = kinds.workload("Job", "default", "upgrade-7")
    template = kinds.workload("CronJob", "default", "upgrade")["spec"]["jobTemplate"]
    (container,) = template["spec"]["template"]["spec"]["containers"]
    assert job["spec"]["template"]["spec"]["containers"] == [container | {"image": SECOND}]
    assert job["spec"]["backoffLimit"] == 1
    assert job["metadata"]["labels"] == {"part": "release"}
    assert made.annotations["cronjob.kubernetes.io/instantiate"] == "manual"
    assert made.annotations["headway.dev/deploy"] == "7"
    (owner,) = made.owners
    assert (owner.kind, owner.name, owner.is_controller) == ("CronJob", "upgrade", True)


def test_a_job_is_followed_to_its_end_and_its_pods_log_is_read(kinds: DemoCluster, client: Cluster) -> None:
    begun = judge_job(release(client))

    job = ended(kinds, client, "upgrade-7")

    (pod,) = job_pods(job, client.pods("default", label_selector="job-name=upgrade-7"))
    assert (begun.phase, judge_job(job).phase) == (JobPhase.RUNNING, JobPhase.COMPLETE)
    assert client.log("default", pod.name, container="web") == "Done.\n"
    assert pod.containers[0].image == SECOND
    assert job.created_at is not None
    assert job.created_at <= datetime.now(UTC)


def test_a_job_that_fails_says_why(
    kinds: DemoCluster, client: Cluster, behaviours: dict[str, Behaviour]
) -> None:
    behaviours[SECOND] = FAILS_AS_JOB()
    release(client)

    state = judge_job(ended(kinds, client, "upgrade-7"))

    assert state.phase is JobPhase.FAILED
    assert "Job has reached the specified backoff limit" in state.message


def test_the_same_job_is_not_made_twice(client: Cluster) -> None:
    release(client)

    with pytest.raises(AlreadyExists):
        release(client)


def test_a_job_that_is_not_there_is_not_found(client: Cluster) -> None:
    with pytest.raises(NotFound):
        client.job("default", "upgrade-8")


def test_a_job_of_a_cron_job_that_has_changed_since_is_not_made(kinds: DemoCluster, client: Cluster) -> None:
    stale = client.workload("CronJob", "default", "upgrade")
    kinds.change("CronJob", "default", "upgrade", lambda one: one["spec"].update(schedule="1 0 1 1 *"))

    with pytest.raises(Conflict):
        client.create_job(stale, name="upgrade-7", images={"web": SECOND}, annotations={})

    assert kinds.store.all_of("jobs", "default") == []


def test_a_job_is_not_made_for_a_container_that_is_not_there(kinds: DemoCluster, client: Cluster) -> None:
    cron_job = client.workload("CronJob", "default", "upgrade")

    with pytest.raises(NoSuchContainer):
        client.create_job(cron_job, name="upgrade-7", images={"worker": SECOND}, annotations={})

    assert kinds.store.all_of("jobs", "default") == []


@pytest.mark.parametrize("kind", [kind for kind in NAMES if kind != "Deployment"])
def test_without_the_component_only_deployments_may_be_read(tmp_path: Path, kind: str) -> None:
    with DemoCluster(start_seconds=0.05) as cluster:
        config = cluster.write_kubeconfig(tmp_path / "config")
        with connect(kubeconfig=config, timeout_seconds=(60, 60)) as client:
            with pytest.raises(ClusterRefused):
                client.workloads(kind, "default")

            assert len(client.workloads("Deployment", "default")) == 0


def test_the_roles_allow_what_every_kind_and_a_release_job_need(client: Cluster) -> None:
    needed = permissions_for(WorkloadKind, release_jobs=True)

    refused = [
        (verb, each.resource)
        for each in needed
        for verb in each.verbs
        if not client.may(verb=verb, group=each.group, resource=each.resource, namespace="default")
    ]

    assert refused == []
