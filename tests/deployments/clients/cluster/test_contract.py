"""What Headway relies on in a cluster, kept by the demo's always, and by a real one that TEST_KUBECONFIG names."""

from datetime import UTC, datetime

import pytest

from deployments.clients.cluster import Conflict, Invalid, NoSuchContainer, NotFound
from deployments.rules.diagnosis import diagnose
from deployments.rules.pods import condition
from deployments.rules.restarts import restarted_at
from deployments.rules.rollouts import Phase, judge_rollout
from deployments.rules.selectors import selector
from deployments.rules.workloads import containers, image_writer, running_images, runs_image
from tests.deployments.clients.cluster.ground import FIRST, MISSING, SECOND, TALKING, WEB, Ground, wait_for

pytestmark = pytest.mark.cluster


def test_the_deployments_of_a_namespace_are_listed(ground):
    names = {ground.make(), ground.make()}

    listed = ground.cluster.workloads("Deployment", ground.namespace)

    assert names <= {each.name for each in listed}


def test_a_namespace_without_deployments_lists_none(ground):
    assert list(ground.cluster.workloads("Deployment", ground.namespace)) == []


def test_a_deployment_that_is_not_there_is_not_found(ground):
    with pytest.raises(NotFound, match=r"404.*nobody"):
        ground.read("nobody")


def test_a_patch_changes_one_containers_image_and_nothing_else(ground):
    name = ground.make(sidecar=True)
    before = ground.settled(name)

    ground.cluster.set_images(before, images={WEB: SECOND}, annotations={})

    after = ground.read(name)
    assert containers(after) == {"sidecar": FIRST, WEB: SECOND}
    assert after.counts.wanted == before.counts.wanted
    assert after.generation == before.generation + 1


def test_a_patch_writes_its_annotations_and_its_manager_beside_the_image(ground):
    name = ground.make()
    note = {"kubernetes.io/change-cause": "Deploy 7", "headway.dev/deploy": "7"}

    changed = ground.cluster.set_images(ground.settled(name), images={WEB: SECOND}, annotations=note)

    assert note.items() <= changed.annotations.items()
    assert image_writer(changed, container=WEB).manager == "headway"


def test_an_image_that_is_desired_already_is_not_sent(ground):
    name = ground.make()
    before = ground.settled(name)

    same = ground.cluster.set_images(before, images={WEB: FIRST}, annotations={"headway.dev/deploy": "7"})

    assert same == before
    assert "headway.dev/deploy" not in ground.read(name).annotations


def test_a_container_that_is_not_there_is_refused_and_not_added(ground):
    name = ground.make()

    with pytest.raises(NoSuchContainer, match=r"no container “wbe”.*It has web\."):
        ground.cluster.set_images(ground.read(name), images={"wbe": SECOND}, annotations={})

    assert containers(ground.read(name)) == {WEB: FIRST}


def test_a_deployment_that_changed_since_it_was_read_is_a_conflict(ground):
    name = ground.make()
    stale = ground.settled(name)
    ground.meddle(name, lambda spec: spec.update(minReadySeconds=1))

    with pytest.raises(Conflict, match="Read it again"):
        ground.cluster.set_images(stale, images={WEB: SECOND}, annotations={})

    assert containers(ground.read(name)) == {WEB: FIRST}


def test_a_change_that_makes_no_sense_is_invalid(ground):
    name = ground.make()

    with pytest.raises(Invalid, match="does not accept the change"):
        ground.cluster.set_images(ground.settled(name), images={WEB: ""}, annotations={})


def test_a_blank_image_is_taken_in_a_template_and_refused_in_its_pods(ground):
    name = ground.make()
    ground.settled(name)

    changed = ground.set_image(name, " ")

    refused = wait_for(lambda: condition(ground.read(name).conditions, "ReplicaFailure"))
    assert containers(changed) == {WEB: " "}
    assert "must not have leading or trailing whitespace" in refused.message


def test_a_rollout_is_followed_until_ready_pods_run_the_image(ground):
    name = ground.make()
    ground.settled(name)

    first = judge_rollout(ground.set_image(name, SECOND), images={WEB: SECOND})
    last = ground.rolled_out(name, SECOND)

    assert (first.phase, last.message) == (Phase.PROGRESSING, "The new pod is up.")
    assert wait_for(lambda: running_images(ground.read(name), ground.pods(name), container=WEB) == {SECOND})


def diagnosed(ground: Ground, name: str, image: str):
    pods = ground.pods(name)
    events = [each for pod in pods for each in ground.cluster.events(ground.namespace, uid=pod.uid)]
    new = [pod for pod in pods if runs_image(pod, container=WEB, image=image)]
    return diagnose(new, events, now=datetime.now(UTC))


def test_an_image_that_does_not_exist_is_diagnosed_while_the_old_pod_serves(ground):
    name = ground.make()
    ground.settled(name)

    ground.set_image(name, MISSING)
    diagnosis = wait_for(lambda: diagnosed(ground, name, MISSING))

    assert diagnosis.reason == "image_not_found"
    assert running_images(ground.read(name), ground.pods(name), container=WEB) == {FIRST}
    assert judge_rollout(ground.read(name), images={WEB: MISSING}).phase is Phase.PROGRESSING


def test_going_back_returns_to_the_replica_set_that_was_there_before(ground):
    name = ground.make()
    ground.settled(name)
    ground.set_image(name, SECOND)
    ground.rolled_out(name, SECOND)

    ground.set_image(name, FIRST)
    ground.rolled_out(name, FIRST)

    sets = ground.cluster.replica_sets(ground.namespace, label_selector=selector(ground.read(name).selector))
    wanted = {containers(each)[WEB]: each.wanted for each in sets}
    assert wanted == {FIRST: 1, SECOND: 0}


def test_an_image_changed_by_someone_else_supersedes_the_rollout(ground):
    name = ground.make()
    ground.settled(name)
    ground.set_image(name, SECOND)

    ground.meddle(name, lambda spec: spec["template"]["spec"]["containers"][0].update(image=TALKING))

    assert judge_rollout(ground.read(name), images={WEB: SECOND}).phase is Phase.SUPERSEDED


def test_a_restart_replaces_the_pods_and_keeps_the_image(ground):
    name = ground.make()
    ground.settled(name)
    before = {pod.name for pod in ground.pods(name)}
    at = "2026-11-23T12:00:00+00:00"

    changed = ground.restart(name, at=at, annotations={"headway.dev/deploy": "7"})

    ground.settled(name)
    after = wait_for(lambda: [pod for pod in ground.pods(name) if not pod.is_terminating])
    assert containers(changed) == {WEB: FIRST}
    assert changed.annotations["headway.dev/deploy"] == "7"
    assert {restarted_at(pod) for pod in after} == {at}
    assert not before & {pod.name for pod in after}


def test_a_restart_that_was_requested_already_is_not_sent(ground):
    name = ground.make()
    at = "2026-11-23T12:00:00+00:00"
    ground.settled(name)
    ground.restart(name, at=at, annotations={})
    before = ground.settled(name)

    same = ground.cluster.restart(before, at=at, annotations={"headway.dev/deploy": "8"})

    assert same == before


def test_a_restart_of_what_changed_since_it_was_read_is_a_conflict(ground):
    name = ground.make()
    stale = ground.settled(name)
    ground.meddle(name, lambda spec: spec.update(minReadySeconds=1))

    with pytest.raises(Conflict, match="Read it again"):
        ground.cluster.restart(stale, at="2026-11-23T12:00:00+00:00", annotations={})
