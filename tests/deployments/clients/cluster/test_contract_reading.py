"""What else Headway reads from a cluster, kept by the demo's always, and by a real one that TEST_KUBECONFIG names."""

import pytest

from tests.deployments.clients.cluster.ground import MISSING, TALKING, WEB, wait_for

pytestmark = pytest.mark.cluster


def test_a_pods_log_can_be_read(ground):
    name = ground.make(TALKING)
    ground.settled(name)
    pod = ground.pods(name)[0].name

    text = ground.cluster.log(ground.namespace, pod, container=WEB, tail_lines=1)

    assert len(text.splitlines()) == 1


def test_events_tell_what_happened_to_a_pod(ground):
    name = ground.make(MISSING)
    pod = wait_for(lambda: ground.pods(name))[0]

    events = wait_for(lambda: ground.cluster.events(ground.namespace, uid=pod.uid))

    assert {each.name for each in events} == {pod.name}


def test_the_cluster_shows_who_we_are(ground):
    assert ground.cluster.user_name()
