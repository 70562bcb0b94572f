"""What a worker finds in a cluster that no site maps."""

from dataclasses import replace

import pytest

from demo.world import NAMESPACE, PROJECT, World
from deployments.clients.clients import Clients
from deployments.clients.github import AppCredentials, GitHub
from deployments.models import Discovery, Site
from deployments.operations.first_start.find import Found, find, record_discovery
from deployments.operations.first_start.request import request_discovery
from simulators.cluster.cluster import ROUTES_RBAC, WORKLOADS_RBAC
from simulators.github import App, written_history
from simulators.registry import Says
from tests.deployments.operations.test_doctor_app import app, key
from tests.factories import NOW, create_site
from tests.roles import WORKER, acting_as

pytestmark = pytest.mark.five_sites

__all__ = ["app", "key"]

NARROW = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: narrow}
rules:
  - {apiGroups: [apps], resources: [deployments], verbs: [list]}
  - {apiGroups: [apps], resources: [deployments], verbs: [get, patch], resourceNames: [nobody]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: narrow}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: narrow}
subjects: [{kind: ServiceAccount, name: headway-worker, namespace: headway}]
"""


@pytest.fixture
def sites(world: World, db: None) -> dict[str, Site]:
    """None is mapped yet."""
    return {}


def search(world: World, clients: Clients, **changes: object) -> Found:
    prefixes = [world.image_template.partition("{")[0]]
    with acting_as(WORKER):
        return find(**{"clients": clients, "image_prefixes": prefixes, "now": NOW} | changes)


def lines(found: Found, title: str) -> str:
    return "\n".join(
        f"{each.grade} {each.subject}: {each.message}"
        for step, of in found.steps
        if step == title
        for each in of
    )


def grant_routes(world: World) -> None:
    """Apply the optional component."""
    permissions = (ROUTES_RBAC / "rights.yaml").read_text(encoding="utf-8")
    world.cluster.apply(permissions, namespace=NAMESPACE)


def test_every_workload_is_proposed_with_its_repository_and_the_commit_that_runs(
    world: World, clients: Clients
) -> None:
    found = search(world, clients)

    assert {(each.slug.lower(), each.commit, each.problems) for each in found.apps} == {
        (each.slug.lower(), world.repository(host).head, ()) for host, each in world.mappings.items()
    }
    assert {each.workloads for each in found.apps} == {
        f"Deployment {NAMESPACE}/{each.deployment}" for each in world.mappings.values()
    }


def test_each_step_says_what_it_saw(world: World, clients: Clients) -> None:
    found = search(world, clients)

    assert "GITHUB_TOKEN" in lines(found, "GitHub")
    assert "headway-worker" in lines(found, "Cluster")
    assert "The worker has every permission it needs." in lines(found, "Cluster")
    assert "5 of 5 can be read." in lines(found, "Registry")


def test_without_the_right_to_routes_that_is_said_and_nothing_else_happens(
    world: World, clients: Clients
) -> None:
    world.expose(next(iter(world.mappings)))

    found = search(world, clients)

    assert "good Hosts in default: Hosts are not proposed" in lines(found, "Cluster")
    assert [each.hosts for each in found.apps] == [()] * 5
    assert all(not each.problems for each in found.apps)


def test_kinds_that_the_worker_may_not_list_are_named(world: World, clients: Clients) -> None:
    found = search(world, clients)

    assert (
        "good Kinds in default: StatefulSets, DaemonSets and CronJobs are not searched: the worker may not list them. "
        "That right is optional (k8s/components/workloads)."
    ) in lines(found, "Cluster")


def test_with_the_right_to_them_all_kinds_are_searched(world: World, clients: Clients) -> None:
    permissions = (WORKLOADS_RBAC / "rights.yaml").read_text(encoding="utf-8")
    world.cluster.apply(permissions, namespace=NAMESPACE)

    found = search(world, clients)

    assert "Kinds in default" not in lines(found, "Cluster")


@pytest.mark.parametrize("by", ["Ingress", "HTTPRoute", "DomainMapping"])
def test_hosts_are_proposed_from_what_leads_to_a_workload(world: World, clients: Clients, by: str) -> None:
    host, mapping = next(iter(world.mappings.items()))
    grant_routes(world)
    world.expose(host, by=by)

    found = search(world, clients)

    (app,) = [each for each in found.apps if each.hosts]
    assert (app.hosts, app.name) == ((host,), host)
    assert app.workloads == f"Deployment {NAMESPACE}/{mapping.deployment}"
    assert "good Hosts in default: 1 found" in lines(found, "Cluster")


def test_what_knative_sets_the_image_of_is_said_and_not_proposed(world: World, clients: Clients) -> None:
    name = next(iter(world.mappings.values())).deployment
    owner = {"apiVersion": "serving.knative.dev/v1", "kind": "Revision", "name": "blog-00001", "uid": "7"}
    with world.cluster.store.lock:
        thing = world.cluster.deployment(NAMESPACE, name)
        thing["metadata"]["ownerReferences"] = [owner | {"controller": True}]
        world.cluster.store.replace("deployments", thing)

    found = search(world, clients)

    assert (
        "good Operators in default: 1 workload not proposed, since an operator sets the image: "
        f"Deployment {name} (Knative's Revision “blog-00001”)."
    ) in lines(found, "Cluster")
    assert len(found.apps) == 4


def test_a_namespace_that_may_not_be_read_hides_no_other(world: World, clients: Clients) -> None:
    world.cluster.create_namespace("closed")

    found = search(world, clients, namespaces=["closed", NAMESPACE])

    assert "bad Namespace closed" in lines(found, "Cluster")
    assert len(found.apps) == 5


def test_where_no_image_was_found_none_is_called_readable(world: World, clients: Clients) -> None:
    world.cluster.create_namespace("closed")

    found = search(world, clients, namespaces=["closed"])

    assert lines(found, "Registry") == "good Images: There were no images to check."


def test_the_usual_namespaces_are_searched_beside_those_that_have_sites(
    world: World, clients: Clients
) -> None:
    create_site(host="cron.example.com", namespace=NAMESPACE, deployment="cron-elsewhere")
    world.cluster.create_namespace("closed")

    usual = search(world, clients, usual_namespaces=["closed"])
    named = search(world, clients, usual_namespaces=["closed"], namespaces=[NAMESPACE])

    assert ("Namespace closed" in lines(usual, "Cluster"), len(usual.apps)) == (True, 5)
    assert "Namespace closed" not in lines(named, "Cluster")


def test_a_repository_that_github_does_not_have_is_not_confirmed(world: World, clients: Clients) -> None:
    mapping = next(iter(world.mappings.values()))
    world.github.repositories.remove(world.github.repositories[mapping.slug])

    found = search(world, clients)

    (missing,) = [each for each in found.apps if each.problems]
    assert missing.repository == mapping.repository.lower()
    assert len(found.apps) == 5


def test_a_registry_s_images_that_the_worker_may_not_run_are_said(world: World, clients: Clients) -> None:
    found = search(world, clients, image_prefixes=["registry.example.com/team/"])

    assert all("IMAGE_PREFIXES" in each.problems[0] for each in found.apps)


def test_without_a_cluster_the_step_says_so(world: World, clients: Clients) -> None:
    world.cluster.stop()

    found = search(world, clients)

    assert found.apps == ()
    assert lines(found, "Cluster").startswith("bad")


@pytest.mark.by_label
def test_an_image_whose_tag_moves_is_known_by_its_label(world: World, clients: Clients) -> None:
    found = search(world, clients)

    assert {(each.is_by_label, each.commit) for each in found.apps} == {
        (True, world.repository(host).head) for host in world.mappings
    }
    assert "Without a commit" not in lines(found, "Registry")


@pytest.mark.by_label
def test_an_image_whose_tag_moves_and_that_says_no_commit_is_someone_else_s(
    world: World, clients: Clients
) -> None:
    host = next(iter(world.mappings))
    world.build(host, world.repository(host).head, says=Says({}))

    found = search(world, clients)

    assert len(found.apps) == 4
    assert (
        "good Without a commit: 1 image not proposed, since neither the tag nor the label "
        f"org.opencontainers.image.revision names a commit: {world.image(host)}."
    ) in lines(found, "Registry")


def test_a_commit_that_the_repository_does_not_have_is_said(world: World, clients: Clients) -> None:
    mapping = next(iter(world.mappings.values()))
    repository = world.github.repositories[mapping.slug]
    world.github.repositories.remove(repository)
    history = written_history(2, until=NOW)
    world.github.repositories.create(mapping.slug, "main", history=history)

    found = search(world, clients)

    (other,) = [each for each in found.apps if each.problems]
    assert "has no commit" in other.problems[0]
    assert other.workloads == f"Deployment {NAMESPACE}/{mapping.deployment}"


def test_what_a_site_maps_is_no_longer_found(world: World, clients: Clients) -> None:
    host, mapping = next(iter(world.mappings.items()))
    create_site(host=host, owner=mapping.owner, repository=mapping.repository, deployment=mapping.deployment)

    found = search(world, clients)

    assert len(found.apps) == 4


def test_what_was_found_is_kept_for_the_page(world: World, clients: Clients) -> None:
    request_discovery(namespaces=[NAMESPACE], now=NOW)
    was_under_way = Discovery.latest().is_under_way

    with acting_as(WORKER):
        record_discovery(clients=clients, image_prefixes=[], now=NOW)

    kept = Discovery.latest()
    assert (was_under_way, kept.is_under_way, len(kept.apps)) == (True, False, 5)
    assert [each["title"] for each in kept.steps] == ["GitHub", "Cluster", "Registry"]


def test_a_token_that_github_refuses_is_said_and_the_search_ends(world: World, clients: Clients) -> None:
    with GitHub(token="wrong", api_url=world.github.url) as refused:
        found = search(world, replace(clients, github=refused))

    assert "bad Token, GITHUB_TOKEN" in lines(found, "GitHub")
    assert len(found.apps) == 5


def test_github_that_does_not_answer_is_said_and_hides_no_app(world: World, clients: Clients) -> None:
    with GitHub(token="token", api_url="http://127.0.0.1:9", timeout_seconds=1) as silent:
        found = search(world, replace(clients, github=silent))

    assert "warning Repositories: 0 of 5 have the commit that runs." in lines(found, "GitHub")
    assert len(found.apps) == 5
    assert all("GitHub cannot be reached" in each.problems[-1] for each in found.apps)


def test_what_a_github_app_may_not_read_is_named(world: World, clients: Clients, app: App) -> None:
    del app.permissions["checks"]
    credentials = AppCredentials(str(app.id), app.private_key)
    with GitHub(app=credentials, api_url=world.github.url, web_url=world.github.url) as asking:
        found = search(world, replace(clients, github=asking))

    assert "Its installation may not read checks." in lines(found, "GitHub")


def test_a_registry_that_does_not_answer_is_not_asked_about_every_image(
    world: World, clients: Clients
) -> None:
    for number in range(40):
        image = f"127.0.0.1:9/team/app-{number}:{'a' * 40}"
        world.cluster.create_deployment(NAMESPACE, f"app-{number}", containers={"app": image}, replicas=0)

    found = search(world, clients)

    assert len(world.registry.requests.entries) <= 5 * 4
    assert lines(found, "Registry").count("bad 127.0.0.1:9/team/") == 10
    assert "bad Images: 30 more images cannot be read." in lines(found, "Registry")
    assert "5 of 45 can be read." in lines(found, "Registry")


def test_of_thousands_of_workloads_a_few_hundred_are_proposed_and_the_rest_is_counted(
    world: World, clients: Clients
) -> None:
    for number in range(310):
        image = f"127.0.0.1:9/team/app-{number}:{'a' * 40}"
        world.cluster.create_deployment(NAMESPACE, f"app-{number}", containers={"app": image}, replicas=0)

    found = search(world, clients)

    assert len(found.apps) == 300
    assert "300 apps are proposed at once. 15 more were found." in lines(found, "Cluster")


def test_images_that_may_say_no_commit_do_not_keep_apps_from_being_proposed(
    world: World, clients: Clients
) -> None:
    world.cluster.create_namespace("many")
    world.cluster.bind_role("many")
    for number in range(310):
        image = f"{world.registry.host}/{PROJECT}/a-{number}:main"
        world.cluster.create_deployment("many", f"a-{number}", containers={"app": image}, replicas=0)

    found = search(world, clients, namespaces=["many", NAMESPACE])

    assert {each.workloads for each in found.apps} == {
        f"Deployment {NAMESPACE}/{each.deployment}" for each in world.mappings.values()
    }


@pytest.mark.parametrize("words", ["{name}", "DEFAULT/{name} {repository}", "{host}"])
def test_words_find_one_of_many_by_its_name_its_image_or_its_host(
    world: World, clients: Clients, words: str
) -> None:
    host, mapping = next(iter(world.mappings.items()))
    grant_routes(world)
    world.expose(host)

    found = search(
        world, clients, words=words.format(name=mapping.deployment, repository=mapping.repository, host=host)
    )

    assert [each.workloads for each in found.apps] == [f"Deployment {NAMESPACE}/{mapping.deployment}"]
    assert "Words: 1 app of 5 with “" in lines(found, "Cluster")


def test_a_hundred_images_that_no_template_can_name_are_not_a_hundred_lines(
    world: World, clients: Clients
) -> None:
    for number in range(100):
        image = f"{world.registry.host}/team/odd-{number}:2026-{'a' * 7}-{'b' * 40}"
        world.cluster.create_deployment(NAMESPACE, f"odd-{number:03}", containers={"app": image}, replicas=0)

    found = search(world, clients)

    assert lines(found, "Cluster").count("warning Deployment odd-") == 10
    assert "No image template can name the images of 90 more workloads." in lines(found, "Cluster")


def test_where_the_role_names_its_workloads_not_each_of_hundreds_is_asked_about(
    world: World, clients: Clients
) -> None:
    world.cluster.unbind_role(NAMESPACE)
    world.cluster.apply(NARROW, namespace=NAMESPACE)
    for number in range(200):
        image = f"127.0.0.1:9/team/app-{number}:{'a' * 40}"
        world.cluster.create_deployment(NAMESPACE, f"app-{number}", containers={"app": image}, replicas=0)
    world.cluster.requests.clear()

    found = search(world, clients)

    assert "bad Permissions in default: The worker may not patch deployments" in lines(found, "Cluster")
    assert len(world.cluster.requests.matching(path_contains="selfsubjectaccessreviews")) <= 40
