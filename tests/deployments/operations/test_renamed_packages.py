"""After a rename a repository's images have another name: earlier ones stay the site's own until the next Deploy replaces them."""

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Site, Status
from deployments.operations.deploys.rollback import request_rollback
from deployments.operations.sites.rename import follow_renames
from deployments.operations.sites.save import save_mapping
from deployments.queries import site_page
from deployments.queries.rollbacks import rollback_targets
from deployments.rules.site_state import State
from tests.factories import NOW, ask, make_user, observe, succeed

HOST = "cacophony.natwelch.com"
OTHER = "chartopia.app"

pytestmark = pytest.mark.usefixtures("sites")


def site() -> Site:
    return Site.objects.select_related("observation").get(host=HOST)


def page():
    return site_page(name=HOST, now=NOW)


def rename(world: World, clients: Clients, name: str) -> None:
    """The repository is renamed on GitHub, and a person follows it."""
    world.repository(HOST).rename(name)
    observe(clients, names=[HOST])
    follow_renames([site()], by=make_user(name), now=NOW)
    observe(clients, names=[HOST])


@pytest.fixture
def renamed(world: World, clients: Clients) -> str:
    """The newest commit, built under the new name alone."""
    repository = world.repository(HOST)
    rename(world, clients, "noise")
    head = repository.commit("Build under the new name")
    repository.set_checks(head, "SUCCESS")
    world.registry.push("icco-cloud/noise", head)
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    return head


def test_what_runs_since_before_is_still_the_sites_own(world: World, clients: Clients) -> None:
    rename(world, clients, "noise")

    assert page().row.answer.state == State.CURRENT


def test_the_next_deploy_moves_it_to_the_new_name(world: World, clients: Clients, renamed: str) -> None:
    observe(clients, names=[HOST])

    deploy = succeed(Deploy.objects.get(), clients, world)

    assert deploy.status == Status.SUCCEEDED
    assert world.running_image(HOST) == f"{world.registry.host}/icco-cloud/noise:{renamed}"


def test_the_way_back_leads_to_the_old_name(world: World, clients: Clients, renamed: str) -> None:
    before = world.running_image(HOST)
    observe(clients, names=[HOST])
    succeed(Deploy.objects.get(), clients, world)
    observe(clients, names=[HOST])

    (target,) = rollback_targets(site())
    rollback = request_rollback(site=site(), sha=target.sha, seen_sha=renamed, by=make_user("eve"), now=NOW)
    succeed(rollback, clients, world)

    assert target.image == before
    assert world.running_image(HOST) == before


def test_a_second_rename_before_the_next_deploy_keeps_what_runs(world: World, clients: Clients) -> None:
    repository = world.repository(HOST)
    rename(world, clients, "noise")
    repository.rename("racket")
    observe(clients, names=[HOST])
    follow_renames([site()], by=make_user("eve"), now=NOW)

    observe(clients, names=[HOST])

    assert site().expected_repository.endswith("/racket")
    assert page().row.answer.state == State.CURRENT


def test_another_apps_image_is_still_another_apps(world: World, clients: Clients) -> None:
    rename(world, clients, "noise")
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=world.image(OTHER))
    world.cluster.settle_now()

    observe(clients, names=[HOST])

    assert page().row.answer.state == State.DRIFTED


def test_a_mapping_that_is_changed_by_hand_forgets_the_old_name(world: World, clients: Clients) -> None:
    rename(world, clients, "noise")
    changed = site()
    changed.repository = "photos"

    save_mapping(site=changed, before={"repository": "noise"}, by=make_user(), now=NOW)

    assert not site().owns(world.running_image(HOST))


def test_a_deploy_by_hand_needs_no_review_first(world: World, clients: Clients, renamed: str) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=False)
    observe(clients, names=[HOST])

    deploy = succeed(ask(HOST), clients, world)

    assert (deploy.status, deploy.accepts_image) == (Status.SUCCEEDED, "")
