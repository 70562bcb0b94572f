"""A worker whose kubeconfig carries exactly the shipped Role does its whole job, and uses every right of that Role."""

import re
from pathlib import Path

import pytest

from demo.world import NAMESPACE, World
from deployments.models import Deploy, Examination, Observation, Site, Status
from deployments.operations.deploys.restart import request_restart
from deployments.operations.doctor.request import request_examination
from deployments.queue import enqueue
from simulators.cluster import CRASHES
from simulators.cluster.request_log import Entry
from tests.deployments.operations.test_permissions import rights_of, shipped
from tests.factories import NOW, ask, make_user
from tests.processes import MANAGE, Running, environment, eventually

pytestmark = [pytest.mark.slow, pytest.mark.five_sites, pytest.mark.django_db(transaction=True)]
VERBS = {"GET": "get", "PATCH": "patch", "DELETE": "delete", "PUT": "update", "POST": "create"}
ADDRESS = re.compile(
    r"/(?:api|apis/(?P<group>[a-z0-9.]+))/v1/namespaces/[^/]+/(?P<kind>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<part>[a-z]+))?"
)


def right_used(entry: Entry) -> tuple[str, str, str] | None:
    """Return (group, resource, verb) of a request about a namespace's objects, as RBAC sees it."""
    match = ADDRESS.fullmatch(entry.path)
    if match is None:
        return None
    resource = f"{match['kind']}/{match['part']}" if match["part"] else match["kind"]
    verb = VERBS[entry.method]
    if verb == "get" and not match["name"]:
        verb = "watch" if "watch" in entry.query else "list"
    return match["group"] or "", resource, verb


def rights_used(world: World) -> set[tuple[str, str, str]]:
    return {permission for entry in world.cluster.requests if (permission := right_used(entry))}


@pytest.mark.usefixtures("sites")
def test_a_worker_with_the_shipped_role_does_its_whole_job_and_uses_all_of_it(
    world: World, tmp_path: Path
) -> None:
    good, crashing, crowded, restarted, _ = world.mappings
    shas = {host: world.commit(host) for host in (good, crashing, crowded)}
    world.behaviours[world.image(crashing, shas[crashing])] = CRASHES(3)
    world.cluster.requests.clear()
    env = environment(tmp_path, **world.settings(tmp_path), ROLLOUT_TIMEOUT_SECONDS="30")
    with Running([*MANAGE, "worker"], env, log=tmp_path / "worker.log") as worker:
        enqueue.sync(trigger="person")
        seen = Observation.objects.exclude(running_sha="")
        assert eventually(lambda: seen.count() == 5, seconds=60), worker.message
        first, second = ask(good), ask(crashing)
        site = Site.objects.select_related("observation").get(host=restarted)
        again = request_restart(
            site=site, seen_sha=site.observation.deployed_sha, by=make_user("tom"), now=NOW
        )
        ended = Deploy.objects.exclude(finished_at=None)
        assert eventually(lambda: ended.count() == 3, seconds=180, every=0.5), worker.message
        # Old pods on their way out would leave room for new ones.
        world.cluster.settle_now()
        world.cluster.set_pod_quota(NAMESPACE, len(world.cluster.store.all_of("pods", NAMESPACE)))
        ask(crowded)
        assert eventually(lambda: ("apps", "replicasets", "list") in rights_used(world), seconds=60), (
            worker.message
        )
        request_examination(now=NOW)
        assert eventually(lambda: bool(Examination.latest().findings), seconds=60), worker.message

    for each in (first, second, again):
        each.refresh_from_db()
    assert [each.status for each in (first, second, again)] == [
        Status.SUCCEEDED,
        Status.TIMED_OUT,
        Status.SUCCEEDED,
    ], [each.message for each in (first, second, again)]
    assert second.log
    assert {entry.path for entry in world.cluster.requests if entry.status == 403} == set()
    about = [each for each in Examination.latest().findings if each["subject"].startswith("Permissions")]
    assert [each["grade"] for each in about] == ["good"]
    assert rights_used(world) == rights_of(shipped()["rules"])
