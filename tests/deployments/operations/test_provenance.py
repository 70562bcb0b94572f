"""What GitHub lists of where an image comes from: shown, and required where a mapping says so. Nothing is checked here."""

from datetime import timedelta

import pytest
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.facts import provenance_from_json
from deployments.models import Deploy, GitHubPause, Observation, Site, Status
from deployments.operations.sync.commits import fetch_commits
from deployments.operations.sync.provenance import ask_provenance, check_provenance
from deployments.operations.sync.request import request_provenance
from deployments.queue.entries import MODULE
from deployments.rules.autodeploy import Go, Stop, Verdict, Wait
from deployments.rules.provenance import Attestation, Provenance
from tests.factories import NOW, ask, begin, observe
from tests.roles import WEB, WORKER, acting_as

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture
def digest(world: World) -> str:
    """The image of a commit that is ready to deploy."""
    head = world.commit(HOST, built=False)
    return world.build(HOST, head)


def require() -> None:
    Site.objects.filter(host=HOST).update(requires_provenance=True, auto_deploy=True)


def verdict(clients: Clients) -> Verdict:
    (decision,) = observe(clients, [HOST]).decisions
    return decision.verdict


def look(clients: Clients, *, later: timedelta = timedelta(0)) -> Verdict:
    observe(clients, [HOST])
    ask_provenance(clients=clients, now=NOW + later)
    return verdict(clients)


def attested(world: World, clients: Clients, digest: str) -> None:
    """The image of the head has an attestation, and so a Deploy of it is queued."""
    require()
    world.repository(HOST).attest(digest, world.repository(HOST).head)
    look(clients)


def push_again(world: World) -> str:
    """Build the head once more; return the new digest."""
    return world.registry.push(world.path(HOST), world.repository(HOST).head, revision="another build")


def known() -> Provenance | None:
    return provenance_from_json(Observation.objects.get(site__host=HOST).provenance)


def asked(world: World) -> list[str]:
    return [each.path for each in world.github.requests if "/attestations/" in each.path]


def open_page(clients: Clients, *, later: timedelta = timedelta(0)) -> None:
    """What follows where a person opens the site's page: web asks, and a worker answers."""
    seen = Observation.objects.get(site__host=HOST)
    with acting_as(WEB):
        request_provenance(seen, now=NOW + later)
    for entry in OrmQ.objects.all():
        if entry.task["func"] == f"{MODULE}.check_provenance":
            with acting_as(WORKER):
                check_provenance(site_id=entry.task["args"][0], clients=clients, now=NOW + later)
            entry.delete()


@pytest.mark.usefixtures("digest")
def test_nothing_is_asked_where_nobody_requires_it_or_opens_the_page(world: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(requires_provenance=True)
    Site.objects.exclude(host=HOST).update(auto_deploy=True)
    for host in world.mappings:
        world.commit(host)
    (decision, *_) = observe(clients).decisions
    fetch_commits(github=clients.github, now=NOW)
    heads = len(world.registry.requests)

    ask_provenance(clients=clients, now=NOW)

    assert (asked(world), len(world.registry.requests)) == ([], heads)
    assert not observe(clients, [decision.site.name]).decisions[0].lacks_commits


def test_what_github_lists_for_the_next_image_is_asked_once_where_its_page_is_opened(
    world: World, clients: Clients, digest: str
) -> None:
    head = world.repository(HOST).head
    world.repository(HOST).attest(digest, head)
    observe(clients, [HOST])

    open_page(clients)
    open_page(clients)

    assert known() == Provenance(
        sha=head,
        digest=digest,
        first_asked_at=NOW,
        attestation=Attestation(
            repository="icco/cacophony", workflow=".github/workflows/build.yml", commit=head
        ),
    )
    assert asked(world) == [f"/repos/icco/cacophony/attestations/{digest}"]


@pytest.mark.usefixtures("digest")
def test_a_page_that_is_opened_again_asks_again_for_half_an_hour(world: World, clients: Clients) -> None:
    observe(clients, [HOST])

    for minutes in (0, 5, 29, 31, 60):
        open_page(clients, later=timedelta(minutes=minutes))

    assert len(asked(world)) == 3


@pytest.mark.usefixtures("digest")
def test_pages_that_are_opened_meanwhile_ask_no_more(clients: Clients) -> None:
    observe(clients, [HOST])
    OrmQ.objects.all().delete()
    seen = Observation.objects.get(site__host=HOST)

    for _ in range(3):
        request_provenance(seen, now=NOW)

    assert OrmQ.objects.count() == 1


def test_a_page_without_anything_to_deploy_asks_nothing(world: World, clients: Clients) -> None:
    observe(clients, [HOST])
    open_page(clients)
    world.commit(HOST, built=False)
    observe(clients, [HOST])
    open_page(clients)

    assert asked(world) == []


@pytest.mark.usefixtures("digest")
def test_a_github_that_is_at_its_limit_is_not_asked(world: World, clients: Clients) -> None:
    observe(clients, [HOST])
    GitHubPause.objects.create(who="GITHUB_TOKEN", until=NOW + timedelta(minutes=5))

    open_page(clients)

    assert (asked(world), known()) == ([], None)


def test_a_site_that_requires_one_waits_for_it_and_then_deploys(
    world: World, clients: Clients, digest: str
) -> None:
    require()
    before = look(clients)
    world.repository(HOST).attest(digest, world.repository(HOST).head)

    after = look(clients, later=timedelta(minutes=5))

    assert isinstance(before, Wait)
    assert "GitHub lists no attestation for the image of" in before.reason
    assert isinstance(after, Go)
    assert Deploy.objects.filter(site__host=HOST).exists()


@pytest.mark.usefixtures("digest")
def test_it_is_asked_again_for_half_an_hour(world: World, clients: Clients) -> None:
    require()
    observe(clients, [HOST])

    for minutes in (0, 5, 29, 31, 60):
        ask_provenance(clients=clients, now=NOW + timedelta(minutes=minutes))

    assert len(asked(world)) == 3


@pytest.mark.usefixtures("digest")
def test_nothing_is_deployed_before_github_has_been_asked(clients: Clients) -> None:
    require()

    found = verdict(clients)

    assert isinstance(found, Wait)
    assert "is not known yet" in found.reason


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"sha": "a" * 40}, "GitHub lists this image as built from aaaaaaa, not from"),
        ({"repository": "else/cacophony"}, "GitHub lists this image as built by else/cacophony"),
    ],
)
def test_an_attestation_of_another_commit_or_repository_is_none_for_this_one(
    world: World, clients: Clients, digest: str, changed: dict[str, str], message: str
) -> None:
    require()
    world.repository(HOST).attest(digest, **{"sha": world.repository(HOST).head} | changed)

    found = look(clients)

    assert isinstance(found, Stop)
    assert found.reason.startswith(message)


@pytest.mark.parametrize(
    "kind", ["https://spdx.dev/Document/v2.3", "https://in-toto.io/attestation/release/v0.1"]
)
def test_an_attestation_of_another_kind_is_none(
    world: World, clients: Clients, digest: str, kind: str
) -> None:
    require()
    world.repository(HOST).attest(digest, world.repository(HOST).head, predicate_type=kind)

    assert isinstance(look(clients), Wait)


@pytest.mark.usefixtures("digest")
def test_a_token_that_may_not_read_attestations_says_what_to_grant(world: World, clients: Clients) -> None:
    require()
    world.repository(HOST).is_private = True

    found = look(clients)

    assert isinstance(found, Wait)
    assert "Grant the token attestations=read." in found.reason


def test_an_image_that_is_pushed_again_is_not_deployed_for_the_former_ones_attestation(
    world: World, clients: Clients, digest: str
) -> None:
    attested(world, clients, digest)
    push_again(world)

    deploy = begin(Deploy.objects.get(), clients)

    assert deploy.status == Status.FAILED
    assert "was pushed again since GitHub listed an attestation for it" in deploy.message


def test_an_image_that_is_pushed_again_is_deployed_once_it_has_an_attestation_too(
    world: World, clients: Clients, digest: str
) -> None:
    attested(world, clients, digest)
    again = push_again(world)
    begin(Deploy.objects.get(), clients)

    waits = look(clients, later=timedelta(minutes=1))
    world.repository(HOST).attest(again, world.repository(HOST).head)
    look(clients, later=timedelta(minutes=2))
    deploy = begin(Deploy.objects.first(), clients)

    assert isinstance(waits, Wait)
    assert "GitHub lists no attestation" in waits.reason
    assert (deploy.status, deploy.digest) == (Status.ROLLING_OUT, again), deploy.message


@pytest.mark.usefixtures("digest")
def test_a_person_may_deploy_what_no_attestation_is_listed_for(clients: Clients) -> None:
    require()
    look(clients)

    deploy = begin(ask(HOST), clients)

    assert deploy.status == Status.ROLLING_OUT


def test_a_sync_follows_where_a_site_waited(world: World, clients: Clients, digest: str) -> None:
    require()
    observe(clients, [HOST])
    world.repository(HOST).attest(digest, world.repository(HOST).head)

    OrmQ.objects.all().delete()
    ask_provenance(clients=clients, now=NOW)

    assert [task.func() for task in OrmQ.objects.all()] == ["deployments.tasks.sync"]
