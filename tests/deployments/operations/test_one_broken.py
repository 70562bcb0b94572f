"""With any one site broken in any way, the other rows are right after the same sync: of five, as of all 34."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Observation
from simulators.github import Failure
from tests.factories import observe, remap

HOST = "cacophony.natwelch.com"
ELSEWHERE = "elsewhere"
Break: TypeAlias = Callable[[World], None]

pytestmark = pytest.mark.usefixtures("sites")


def _mapped(**given: object) -> None:
    remap(HOST, **given)


def _poisoned(failure: Failure) -> Break:
    return lambda world: world.github.poison("icco/cacophony", failure)


def _elsewhere(fail: Break) -> Break:
    """The site lives in its own namespace, which fails."""

    def broken(world: World) -> None:
        world.cluster.create_namespace(ELSEWHERE)
        world.cluster.bind_role(ELSEWHERE)
        world.cluster.create_deployment(ELSEWHERE, "cacophony", containers={"cacophony": world.image(HOST)})
        _mapped(namespace=ELSEWHERE)
        fail(world)

    return broken


def _cluster_answers(status: int) -> Break:
    return _elsewhere(lambda world: world.cluster.fail_next(status, times=9, path_contains=ELSEWHERE))


def _registry_answers(status: int) -> Break:
    return lambda world: world.registry.fail_next(status, times=9, path_contains="cacophony")


def _renamed_and_taken(world: World) -> None:
    world.repository(HOST).rename("noise")


def _saml(world: World) -> None:
    world.repository(HOST).is_saml_protected = True


def _hidden(world: World) -> None:
    world.repository(HOST).is_hidden = True


def _force_pushed(world: World) -> None:
    repository = world.repository(HOST)
    repository.force_push(repository.graph.commits[0].sha)


def _unknown_commit(world: World) -> None:
    image = world.image(HOST, "ab" * 20)
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=image)


def _no_known_image(world: World) -> None:
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image="???")


def _template_of_versions(world: World) -> None:
    """Allowed where sites are by release alone: as after IMAGE_TEMPLATE was changed for those."""
    _mapped(image_template=f"{world.registry.host}/icco-cloud/{{repository}}:{{version}}")
    world.commit(HOST)


def _release_without_a_tag_for_images(world: World) -> None:
    _template_of_versions(world)
    _mapped(commit_source="release")
    world.repository(HOST).release("版本一", world.repository(HOST).head)


WAYS: dict[str, Break] = {
    "GitHub: the repository is deleted": lambda world: world.repository(HOST).delete(),
    "GitHub: the repository is not visible": _hidden,
    "GitHub: single sign-on is demanded": _saml,
    "GitHub: the repository is renamed": _renamed_and_taken,
    "GitHub: the repository is archived": lambda world: world.repository(HOST).archive(),
    "GitHub: the repository is empty": lambda world: world.repository(HOST).branches.clear(),
    "GitHub: the branch is missing": lambda _: _mapped(branch="gone"),
    "GitHub: the branch was force-pushed": _force_pushed,
    "GitHub: a 502 with HTML": _poisoned(Failure.BAD_GATEWAY),
    "GitHub: something went wrong": _poisoned(Failure.SOMETHING_WENT_WRONG),
    "GitHub: resource limits": _poisoned(Failure.RESOURCE_LIMITS),
    "GitHub: HTML instead of JSON": _poisoned(Failure.NOT_JSON),
    "GitHub: a truncated answer": _poisoned(Failure.TRUNCATED),
    "GitHub: the connection drops": _poisoned(Failure.DROPPED),
    "GitHub: another owner's token is refused": lambda _: _mapped(owner="trav3711-2"),
    "mapping: the image template is none": lambda _: _mapped(image_template="nonsense"),
    "mapping: the image template is none, and the site is by release": lambda _: _mapped(
        image_template="nonsense", commit_source="release"
    ),
    "mapping: the image template is none, and the site is by label": lambda _: _mapped(
        image_template="nonsense", commit_source="label"
    ),
    "mapping: the repository's name can be no image's, and the site is by release": lambda _: _mapped(
        repository=".github", commit_source="release"
    ),
    "mapping: the moving tag is none": lambda _: _mapped(commit_source="label", branch="版本"),
    "mapping: the image template is for versions, and the site is by tag": _template_of_versions,
    "GitHub: the newest release has a name that no image can have": _release_without_a_tag_for_images,
    "mapping: the repository's name can be no image's": lambda _: _mapped(repository=".github"),
    "mapping: the Deployment is not there": lambda _: _mapped(deployment="gone"),
    "mapping: the container is not there": lambda _: _mapped(container="gone"),
    "cluster: a commit that GitHub does not know": _unknown_commit,
    "cluster: an image that cannot be read": _no_known_image,
    "cluster: the namespace is not there": lambda _: _mapped(namespace="nowhere"),
    "cluster: 401": _cluster_answers(401),
    "cluster: 403": _cluster_answers(403),
    "cluster: 410 again and again": _cluster_answers(410),
    "cluster: 429": _cluster_answers(429),
    "cluster: 500": _cluster_answers(500),
    "cluster: no answer": _elsewhere(lambda world: world.cluster.hang(10, path_contains=ELSEWHERE)),
    "cluster: the connection drops": _elsewhere(
        lambda world: world.cluster.drop_connection(times=9, path_contains=ELSEWHERE)
    ),
    "registry: 401": _registry_answers(401),
    "registry: 403": _registry_answers(403),
    "registry: 500": _registry_answers(500),
    "registry: no answer": lambda world: world.registry.hang(10, path_contains="cacophony"),
    "registry: the connection drops": lambda world: world.registry.drop_connection(
        times=9, path_contains="cacophony"
    ),
}

PARAMETERS = [
    pytest.param(way, id=name, marks=[pytest.mark.impatient] if name.endswith("no answer") else [])
    for name, way in WAYS.items()
]


@pytest.mark.parametrize("way", PARAMETERS)
def test_the_other_rows_are_right_and_the_broken_one_says_why(
    world: World, clients: Clients, way: Break
) -> None:
    head = check_that_the_others_are_right(world, clients, way)

    assert is_right_or_says_why(head)


@pytest.mark.slow
@pytest.mark.whole_table
@pytest.mark.parametrize("way", PARAMETERS)
def test_the_other_33_rows_are_right(world: World, clients: Clients, way: Break) -> None:
    check_that_the_others_are_right(world, clients, way)


def check_that_the_others_are_right(world: World, clients: Clients, way: Break) -> str:
    """Return the newest commit of the one that is broken."""
    heads = {host: world.commit(host) for host in world.mappings}
    running = {host: world.running_image(host).rpartition(":")[2] for host in world.mappings}
    way(world)

    observe(clients)

    rows = Observation.objects.select_related("site").exclude(site__host=HOST)
    seen = {
        row.site.host: (row.head_sha, row.running_sha, row.behind_by, row.head_image_built) for row in rows
    }
    assert seen == {host: (heads[host], running[host], 1, True) for host in heads if host != HOST}
    assert not any(row.github_problem or row.cluster_problem or row.registry_problem for row in rows)
    return heads[HOST]


@pytest.mark.slow
@pytest.mark.parametrize("way", PARAMETERS)
def test_one_that_is_synced_alone_says_why_or_is_right(world: World, clients: Clients, way: Break) -> None:
    head = world.commit(HOST)
    way(world)

    observe(clients, names=[HOST])

    assert is_right_or_says_why(head)


def is_right_or_says_why(head: str) -> bool:
    row = Observation.objects.get(site__host=HOST)
    says_why = row.github_problem or row.cluster_problem or row.registry_problem or row.workload_missing
    is_judged = row.running_is_unknown or row.is_archived or row.ahead_by or not row.desired_sha
    return bool(says_why or is_judged or row.head_sha == head)
