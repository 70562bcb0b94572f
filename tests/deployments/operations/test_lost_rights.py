"""A request by someone who may no longer deploy: it ends with a sentence before the patch, and the audit log says so."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User

from dashboard.accounts.roles import Role, ensure_roles, give_role
from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import AuditEvent, Deploy, DeployBatch, Hold, Observation, Site, Status, Trigger
from deployments.operations.deploys.batch import BatchEntry, continue_batches, request_batch
from deployments.operations.deploys.deploy_request import WhenReady
from deployments.operations.deploys.restart import request_restart
from deployments.operations.deploys.rollback import request_rollback
from deployments.operations.deploys.waiting import check_pending_image
from tests.factories import JUST_NOW, NOW, ask, begin, observe, succeed

HOST = "cacophony.natwelch.com"
OTHER = "chartopia.app"
SAID = "eve is no longer allowed to deploy."

pytestmark = pytest.mark.usefixtures("sites")
Lose = Callable[[User], object]


def demote(person: User) -> None:
    give_role(person, Role.VIEWER)


def take_from_the_group(person: User) -> None:
    person.groups.remove(Group.objects.get(name=Role.DEPLOYER.value))


def switch_off(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def delete(person: User) -> None:
    User.objects.get(pk=person.pk).delete()


@pytest.fixture
def eve(db: None) -> User:
    """One whose right to deploy comes from her role."""
    ensure_roles()
    person = User.objects.create_user("eve")
    give_role(person, Role.DEPLOYER)
    return person


def seen(host: str = HOST) -> Observation:
    return Observation.objects.get(site__host=host)


def audited() -> list[str]:
    return list(AuditEvent.objects.filter(kind="refusal").values_list("message", flat=True))


@pytest.mark.parametrize("lose", [demote, take_from_the_group, switch_off, delete])
def test_a_queued_deploy_ends_and_the_cluster_hears_nothing(
    world: World, clients: Clients, eve: User, lose: Lose
) -> None:
    world.commit(HOST)
    observe(clients)
    deploy, before = ask(HOST, requested_by=eve), world.running_image(HOST)
    lose(eve)

    begin(deploy, clients)

    assert (deploy.status, world.running_image(HOST)) == (Status.FAILED, before)
    assert deploy.message.startswith(SAID)
    assert [SAID in message for message in audited()] == [True]


def test_one_that_waited_for_its_image_ends_too(world: World, clients: Clients, eve: User) -> None:
    head = world.commit(HOST, built=False)
    observe(clients)
    deploy = ask(HOST, requested_by=eve, when_ready=WhenReady())
    demote(eve)
    world.build(HOST, head)

    check_pending_image(deploy_id=deploy.pk, clients=clients, now=NOW)
    begin(deploy, clients)

    assert (deploy.status, world.running_image(HOST)) == (Status.FAILED, seen().desired_image)
    assert deploy.message.startswith(SAID)


def test_a_rollback_ends_and_its_hold_with_it(world: World, clients: Clients, eve: User) -> None:
    world.commit(HOST)
    observe(clients)
    succeed(ask(HOST, requested_by=eve), clients, world)
    before = Deploy.objects.get().from_sha
    observe(clients)
    back = request_rollback(
        site=Site.objects.get(host=HOST),
        sha=before,
        seen_sha=seen().running_sha,
        by=eve,
        authentication=JUST_NOW,
        now=NOW,
    )
    switch_off(eve)

    begin(back, clients)

    assert back.message.startswith(SAID)
    assert not Hold.objects.standing(now=NOW).exists()


def test_a_restart_ends_too(world: World, clients: Clients, eve: User) -> None:
    observe(clients)
    site = Site.objects.get(host=HOST)
    deploy = request_restart(site=site, seen_sha=seen().running_sha, by=eve, now=NOW)
    demote(eve)

    begin(deploy, clients)

    template = world.cluster.deployment(NAMESPACE, "cacophony")["spec"]["template"]
    assert deploy.message.startswith(SAID)
    assert "annotations" not in template["metadata"]


def test_a_batch_stops_at_what_a_worker_is_about_to_begin(world: World, clients: Clients, eve: User) -> None:
    batch = ask_for_both(world, clients, eve)
    demote(eve)

    begin(Deploy.objects.get(), clients)
    continue_batches(now=NOW)

    batch.refresh_from_db()
    assert (batch.state, Deploy.objects.count()) == ("stopped", 1)
    assert f"Stopped at {HOST}: {SAID}" in batch.message


def test_a_batch_stops_at_the_next_site_and_the_audit_names_it(
    world: World, clients: Clients, eve: User
) -> None:
    batch = ask_for_both(world, clients, eve)
    succeed(Deploy.objects.get(), clients, world)
    demote(eve)

    continue_batches(now=NOW)

    batch.refresh_from_db()
    assert (batch.state, Deploy.objects.count()) == ("stopped", 1)
    assert f"Stopped at {OTHER}: {SAID}" in batch.message
    assert [SAID in message for message in audited()] == [True]


def test_what_was_patched_already_continues(world: World, clients: Clients, eve: User) -> None:
    world.commit(HOST)
    observe(clients)
    deploy = ask(HOST, requested_by=eve)
    begin(deploy, clients)
    Deploy.objects.update(status=Status.QUEUED, patched_at=None)
    demote(eve)

    begin(deploy, clients)

    assert deploy.status == Status.ROLLING_OUT


def test_a_shell_needs_no_right_here(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)

    deploy = ask(HOST, requested_by=None, requested_by_name="root on a shell", trigger=Trigger.COMMAND)

    assert begin(deploy, clients).status == Status.ROLLING_OUT


def ask_for_both(world: World, clients: Clients, person: User) -> DeployBatch:
    for host in (HOST, OTHER):
        world.commit(host)
    observe(clients)
    policy = [BatchEntry(host, seen(host).head_sha, seen(host).running_sha) for host in (HOST, OTHER)]
    return request_batch(entries=policy, by=person, key=uuid4(), now=NOW)
