"""A cluster in trouble: each namespace answers for itself."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Observation, Site
from deployments.queries import site_page
from simulators.cluster import UNREADY
from tests.factories import NOW, observe, remap

HOST = "cacophony.natwelch.com"
ELSEWHERE = "elsewhere"

pytestmark = pytest.mark.usefixtures("sites")


def seen(host: str = HOST) -> Observation:
    return Observation.objects.get(site__host=host)


def others() -> list[Observation]:
    return list(Observation.objects.exclude(site__host=HOST))


@pytest.fixture
def moved(world: World, sites: dict[str, Site]) -> None:
    """One site is in another namespace, which happens to be listed first or last."""
    world.cluster.create_namespace(ELSEWHERE)
    world.cluster.bind_role(ELSEWHERE)
    world.cluster.create_deployment(
        ELSEWHERE, "cacophony", containers={"cacophony": world.image(HOST)}, settled=True
    )
    remap(HOST, namespace=ELSEWHERE)


@pytest.mark.usefixtures("moved")
@pytest.mark.parametrize(
    ("status", "retry_after", "words"),
    [
        (403, None, "Grant it in Headway's Role"),
        (429, 7, "asks for a pause of 7 s"),
        (500, None, "an internal error (500)"),
        (410, None, "forgot its list"),
    ],
)
def test_a_namespace_that_fails_leaves_the_others_right(
    world: World, clients: Clients, status: int, retry_after: int | None, words: str
) -> None:
    world.cluster.fail_next(status, times=9, path_contains=ELSEWHERE, retry_after=retry_after)

    observe(clients)

    assert words in seen().cluster_problem
    assert all(each.cluster_problem == "" and each.running_sha for each in others())


@pytest.mark.impatient
@pytest.mark.usefixtures("moved")
def test_a_namespace_that_hangs_leaves_the_others_right(world: World, clients: Clients) -> None:
    world.cluster.hang(10, path_contains=ELSEWHERE)

    observe(clients)

    assert "did not answer in time" in seen().cluster_problem
    assert all(each.running_sha for each in others())


def test_a_list_that_expires_in_the_middle_is_read_again(world: World, clients: Clients) -> None:
    world.cluster.fail_next(410, times=2, path_contains="/deployments")

    observe(clients)

    assert not Observation.objects.exclude(cluster_problem="").exists()


@pytest.mark.five_sites
def test_a_silent_cluster_is_not_waited_for_namespace_by_namespace(world: World, clients: Clients) -> None:
    for number, site in enumerate(Site.objects.all()):
        remap(site.host, namespace=f"n{number}")
    world.cluster.drop_connection(times=99)

    report = observe(clients)

    assert report.run.cluster_requests == 3
    assert Observation.objects.filter(cluster_problem__contains="three namespaces in a row").count() == 2


def test_pods_that_may_not_be_read_are_the_trouble_of_what_rolls_out(world: World, clients: Clients) -> None:
    image = world.image(HOST, world.commit(HOST))
    world.behaviours[image] = UNREADY
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=image)
    world.cluster.fail_next(403, path_contains="/pods")

    observe(clients)

    assert "(403)" in seen().cluster_problem
    assert all(each.cluster_problem == "" and each.running_sha for each in others())


def test_a_rotated_token_is_read_again_in_the_same_sync(
    world: World, clients: Clients, settings: Settings, tmp_path: Path
) -> None:
    settings.KUBECONFIG = world.cluster.write_kubeconfig(tmp_path / "rotating")
    rotating = Clients(clients.github, clients.registry)
    rotating.cluster.workloads("Deployment", NAMESPACE)
    world.cluster.rotate_token()
    world.cluster.write_kubeconfig(settings.KUBECONFIG)

    observe(rotating)

    rotating.cluster.close()
    assert not Observation.objects.exclude(cluster_problem="").exists()


def test_a_token_that_stays_refused_is_reported_as_such(
    world: World, clients: Clients, settings: Settings, tmp_path: Path
) -> None:
    settings.KUBECONFIG = world.cluster.write_kubeconfig(tmp_path / "stale")
    stale = Clients(clients.github, clients.registry)
    world.cluster.rotate_token()

    observe(stale)

    stale.cluster.close()
    assert "Renew the token" in seen().cluster_problem


def test_without_any_cluster_the_rest_is_seen_all_the_same(
    world: World, clients: Clients, settings: Settings, tmp_path: Path
) -> None:
    settings.KUBECONFIG = tmp_path / "nowhere"

    observe(Clients(clients.github, clients.registry))

    assert "There is no kubeconfig" in seen().cluster_problem
    assert seen().head_sha == world.repository(HOST).head


def test_other_managers_of_a_deployment_are_named_on_the_sites_page(world: World, clients: Clients) -> None:
    world.cluster.create_deployment(
        NAMESPACE,
        "managed",
        containers={"cacophony": world.image(HOST)},
        labels={"kustomize.toolkit.fluxcd.io/name": "apps"},
        settled=True,
    )
    remap(HOST, deployment="managed")

    observe(clients)

    notes = site_page(name=HOST, now=NOW).row.notes
    assert notes[0].startswith("Flux's Kustomization “apps” manages this Deployment and may undo")
