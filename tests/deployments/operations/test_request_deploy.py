"""Asking for a Deploy: one row and one queue entry, or the sentence of the guard that refuses."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django_q.models import OrmQ

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, MappedWorkload, Observation, Site, Status
from deployments.operations.deploys.cancel import UnableToCancel, cancel_deploy
from deployments.operations.deploys.request import UnableToDeploy
from deployments.operations.hold import place_hold, resume_hold
from tests.factories import NOW, ask, make_user, observe

HOST = "cacophony.natwelch.com"
OTHER = "chartopia.app"

pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture
def head(world: World, clients: Clients) -> str:
    """A new commit, built, and seen by a sync."""
    sha = world.commit(HOST)
    observe(clients)
    OrmQ.objects.all().delete()
    return sha


def test_a_request_is_one_deploy_and_one_queue_entry(head: str) -> None:
    deploy = ask(HOST)

    assert (deploy.sha, deploy.status) == (head, Status.QUEUED)
    assert [task.func() for task in OrmQ.objects.all()] == ["deployments.tasks.start_deploy"]
    assert Observation.objects.get(site__host=HOST).latest_deploy == deploy


@pytest.mark.usefixtures("head")
def test_a_double_tap_is_one_deploy() -> None:
    key = uuid4()

    first, second = ask(HOST, idempotency_key=key), ask(HOST, idempotency_key=key)

    assert first == second
    assert (Deploy.objects.count(), OrmQ.objects.count()) == (1, 1)


@pytest.mark.usefixtures("head")
def test_a_second_tap_from_another_page_returns_the_first_deploy() -> None:
    first, second = ask(HOST, idempotency_key=uuid4()), ask(HOST, idempotency_key=uuid4())

    assert first == second


def test_another_commit_is_refused_while_one_is_being_deployed(
    world: World, clients: Clients, head: str
) -> None:
    ask(HOST)
    world.commit(HOST)
    observe(clients)

    with pytest.raises(UnableToDeploy, match=f"Commit {head[:7]} is being deployed here right now"):
        ask(HOST)


@pytest.mark.usefixtures("head")
def test_a_tap_that_arrives_again_after_the_end_is_still_the_first() -> None:
    key = uuid4()
    first = ask(HOST, idempotency_key=key)
    first.move(Status.FAILED, now=NOW)

    again = ask(HOST, idempotency_key=key)

    assert (again, Deploy.objects.count()) == (first, 1)


@pytest.mark.usefixtures("head")
def test_a_stale_page_asks_to_reload() -> None:
    with pytest.raises(UnableToDeploy, match="The deployed commit changed"):
        ask(HOST, seen_sha="a" * 40)


@pytest.mark.usefixtures("head")
@pytest.mark.parametrize("sha", ["abc1234", "", "z" * 40, "'; drop table deployments_deploy --"])
def test_what_is_not_a_whole_sha_is_refused(sha: str) -> None:
    with pytest.raises(UnableToDeploy, match=r"is not a commit\. Give all 40 hexadecimal digits"):
        ask(HOST, sha=sha or " ")


def test_a_head_whose_image_is_not_built_is_refused(world: World, clients: Clients) -> None:
    world.commit(HOST, built=False)
    observe(clients)

    with pytest.raises(UnableToDeploy, match="is not in the registry yet"):
        ask(HOST)


def test_red_ci_is_refused_unless_the_person_accepts_it(world: World, clients: Clients) -> None:
    sha = world.commit(HOST, checks="FAILURE")
    observe(clients)

    with pytest.raises(UnableToDeploy, match="CI failed"):
        ask(HOST)

    assert ask(HOST, accept_red=True).sha == sha


def test_another_apps_image_in_the_container_is_refused(world: World, clients: Clients) -> None:
    world.commit(HOST)
    name = world.mappings[HOST].deployment
    world.cluster.set_image(NAMESPACE, name, container=name, image=world.image(OTHER))
    observe(clients)

    with pytest.raises(UnableToDeploy, match=r"Nothing was changed\. Correct the mapping"):
        ask(HOST)


def test_a_container_that_is_not_there_is_refused(world: World, clients: Clients) -> None:
    world.commit(HOST)
    MappedWorkload.objects.filter(site__host=HOST).update(containers=["sidecar"])
    observe(clients)

    with pytest.raises(UnableToDeploy, match="has no container named sidecar, only cacophony"):
        ask(HOST)


@pytest.mark.parametrize("scope", ["everything", "site", "commit"])
def test_a_hold_is_refused_with_its_reason_until_someone_resumes(head: str, scope: str) -> None:
    site = None if scope == "everything" else Site.objects.get(host=HOST)
    user = make_user()
    hold = place_hold(
        site=site, sha=head if scope == "commit" else "", reason="The feed is broken", by=user, now=NOW
    )

    with pytest.raises(UnableToDeploy, match=r"\(by nat\): The feed is broken\. Resume it first"):
        ask(HOST)
    resume_hold(hold_id=hold.pk, by=user, now=NOW)

    assert ask(HOST).status == Status.QUEUED


@pytest.mark.parametrize("everything", [True, False])
def test_a_hold_that_has_come_to_its_end_refuses_nothing_more(head: str, *, everything: bool) -> None:
    held = None if everything else Site.objects.get(host=HOST)
    hour = timedelta(hours=1)
    place_hold(site=held, reason="The demo", by=make_user("ann"), until=NOW + hour, now=NOW)
    with pytest.raises(UnableToDeploy, match="The demo"):
        ask(HOST, now=NOW + hour / 2)

    deploy = ask(HOST, now=NOW + hour)

    assert (deploy.sha, deploy.status) == (head, Status.QUEUED)


def test_a_site_never_seen_is_refused() -> None:
    Observation.objects.create(site=Site.objects.get(host=HOST))

    with pytest.raises(UnableToDeploy, match="Sync first, then try again"):
        ask(HOST, sha="a" * 40)


@pytest.mark.usefixtures("head")
def test_what_is_queued_can_be_cancelled() -> None:
    deploy = ask(HOST)

    cancel_deploy(deploy=deploy, by=make_user("ann"), now=NOW)

    deploy.refresh_from_db()
    assert (deploy.status, deploy.finished_at) == (Status.CANCELLED, NOW)


@pytest.mark.usefixtures("head")
def test_what_is_rolling_out_cannot_be_cancelled() -> None:
    deploy = ask(HOST)
    deploy.move(Status.ROLLING_OUT, now=NOW)

    with pytest.raises(UnableToCancel):
        cancel_deploy(deploy=deploy, by=make_user("ann"), now=NOW)


@pytest.mark.usefixtures("head")
@pytest.mark.parametrize("broken", [{"image_template": "nonsense"}, {"repository": ".github"}])
def test_a_site_whose_template_names_no_image_is_refused(broken: dict[str, str]) -> None:
    Site.objects.filter(host=HOST).update(**broken)

    with pytest.raises(UnableToDeploy, match=r"image template names no image\. Correct it"):
        ask(HOST)
