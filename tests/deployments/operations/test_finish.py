"""Every way in which a Deploy ends, and what follows from each."""

import ast
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django_q.models import OrmQ

import deployments
from deployments.models import (
    AuditEvent,
    BatchItem,
    Deploy,
    DeployBatch,
    Hold,
    Observation,
    PushSubscription,
    Site,
    Status,
    Trigger,
)
from deployments.operations.deploys.finish import Ending, finish
from tests.factories import NOW, create_site

HOST = "cron.example.com"
BEFORE, RUNNING, NEW = "a" * 40, "b" * 40, "c" * 40
STEPS_ON_THE_WAY = {"QUEUED", "RELEASING", "ROLLING_OUT", "VERIFYING"}
QUEUED_FOR = {
    "check_rollback_images": "images",
    "continue_batches": "batch",
    "sync": "sync",
    "notify_deploy_ended": "notification",
}
AUDITED = (AuditEvent.Kind.CANCEL, AuditEvent.Kind.REFUSAL, AuditEvent.Kind.ADOPT)
TABLE = """
                observation  hold  images  rollback  batch  sync  notification  audit
SUCCEEDED       yes          -     yes     -         yes    yes   yes           -
FAILED          -            -     yes     yes       yes    yes   yes           -
TIMED_OUT       -            -     yes     yes       yes    yes   yes           -
OUT_OF_SIGHT    -            -     yes     -         yes    yes   yes           -
SUPERSEDED      -            -     yes     -         yes    yes   -             -
ABORTED         -            -     -       -         yes    -     -             yes
CANCELLED       -            yes   -       -         yes    -     -             yes
REFUSED         -            yes   -       -         yes    yes   yes           yes
PARTLY_APPLIED  -            -     yes     yes       yes    yes   yes           -
RELEASE_FAILED  -            yes   -       -         yes    -     yes           -
GIVEN_UP        -            yes   -       -         yes    -     yes           -
GIVEN_UP_UNSURE -            -     -       -         yes    yes   yes           -
CI_FAILED       -            -     -       -         yes    -     yes           -
NEVER_BUILT     -            -     -       -         yes    -     yes           -
UNREADABLE      -            -     -       -         yes    -     yes           -
OVERTAKEN       -            -     -       -         yes    -     -             -
ADOPTED         yes          -     -       -         yes    -     -             yes
"""
"""`hold`: the one that a rollback placed is resumed; `rollback`: one is begun automatically."""
NAMES, *ROWS = (line.split() for line in TABLE.strip().splitlines())
FOLLOWS = {
    Ending[ending]: {name for name, cell in zip(NAMES, cells, strict=True) if cell == "yes"}
    for ending, *cells in ROWS
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    site = create_site(
        host=HOST, owner="icco", repository="cron", deployment="cron", container="cron", auto_rollback=True
    )
    image = f"{site.expected_repository}:{RUNNING}"
    Observation.objects.create(
        site=site, running_sha=RUNNING, desired_sha=RUNNING, desired_image=image, cluster_observed_at=NOW
    )
    an_ended_deploy(site, sha=BEFORE, image=f"{site.expected_repository}:{BEFORE}")
    return site


def an_ended_deploy(site: Site, *, sha: str, image: str) -> Deploy:
    return Deploy.objects.create(
        site=site,
        sha=sha,
        image=image,
        status=Status.SUCCEEDED,
        finished_at=NOW,
        trigger=Trigger.PERSON,
        requested_by_name="eve",
        requested_at=NOW,
    )


def a_deploy(site: Site, by: User, *, status: Status) -> Deploy:
    """One on which everything hangs that can follow: a batch, a Hold, and a browser that listens."""
    deploy = Deploy.objects.create(
        site=site,
        sha=NEW,
        image=f"{site.expected_repository}:{NEW}",
        from_sha=BEFORE,
        status=status,
        trigger=Trigger.PERSON,
        requested_by=by,
        requested_by_name=by.get_username(),
        requested_at=NOW,
    )
    Observation.objects.filter(site=site).update(latest_deploy=deploy)
    Hold.objects.create(
        site=site, sha="d" * 40, reason="Left behind", placed_by_name="eve", placed_at=NOW, rollback=deploy
    )
    batch = DeployBatch.objects.create(requested_by=by, requested_by_name="eve", requested_at=NOW)
    BatchItem.objects.create(batch=batch, position=1, site=site, sha=NEW, seen_sha=RUNNING, deploy=deploy)
    PushSubscription.objects.create(
        user=by, endpoint="https://push.example.com/1", p256dh="p", auth="a", created_at=NOW
    )
    return deploy


def what_followed(deploy: Deploy) -> set[str]:
    tasks = [entry.func().rpartition(".")[2] for entry in OrmQ.objects.all()]
    assert len(tasks) == len(set(tasks)), "Each consequence comes once."
    seen = {
        "observation": Observation.objects.filter(site=deploy.site, accepted_image=deploy.image),
        "hold": Hold.objects.filter(rollback=deploy).exclude(resumed_at=None),
        "rollback": Deploy.objects.filter(rolls_back=deploy, trigger=Trigger.FAILURE),
        "audit": AuditEvent.objects.filter(kind__in=AUDITED),
    }
    return {name for name, rows in seen.items() if rows.exists()} | {
        QUEUED_FOR[task] for task in tasks if task in QUEUED_FOR
    }


def test_the_table_has_every_ending() -> None:
    assert set(FOLLOWS) == set(Ending)


@pytest.mark.parametrize(
    ("ending", "status"),
    [(ending, status) for ending in Ending for status in sorted(ending.from_statuses)],
    ids=lambda each: each.name.lower(),
)
def test_from_each_ending_follows_what_the_table_says(
    ending: Ending, status: Status, site: Site, nat: User
) -> None:
    deploy = a_deploy(site, nat, status=status)

    is_ended = finish(deploy, ending, "It ended.", by=nat, audited="Said so.", now=NOW)

    assert is_ended
    assert what_followed(deploy) == FOLLOWS[ending]
    deploy.refresh_from_db()
    assert (deploy.status, deploy.finished_at) == (ending.status, NOW)


@pytest.mark.parametrize("ending", Ending, ids=lambda ending: ending.name.lower())
def test_nothing_follows_from_an_end_that_comes_too_late(ending: Ending, site: Site, nat: User) -> None:
    deploy = a_deploy(site, nat, status=Status.VERIFYING)
    deploy.move(Status.CANCELLED, now=NOW)

    is_ended = finish(deploy, ending, "It ended.", by=nat, audited="Said so.", now=NOW)

    assert not is_ended
    assert what_followed(deploy) == set()


def test_a_site_that_does_not_want_so_is_not_rolled_back_automatically(site: Site, nat: User) -> None:
    deploy = a_deploy(site, nat, status=Status.ROLLING_OUT)
    Site.objects.update(auto_rollback=False)
    deploy.site.refresh_from_db()

    finish(deploy, Ending.FAILED, "It crashed.", now=NOW)

    assert "rollback" not in what_followed(deploy)
    assert deploy.message == "It crashed."


def test_many_deploys_that_end_make_one_sync_of_their_sites() -> None:
    hosts = [f"s{number:02}.example.com" for number in range(34)]
    sites = [Site(name=host, host=host, owner="icco", repository="cron") for host in hosts]
    for site in Site.objects.bulk_create(sites):
        deploy = an_ended_deploy(site, sha=NEW, image=f"{site.expected_repository}:{NEW}")
        Deploy.objects.filter(pk=deploy.pk).update(status=Status.VERIFYING, finished_at=None)
        finish(deploy, Ending.SUCCEEDED, "Up.", now=NOW)

    syncs = [entry.task["kwargs"]["names"] for entry in OrmQ.objects.all() if entry.func().endswith(".sync")]

    assert syncs == [hosts]


def test_who_ended_it_is_in_the_audit(site: Site, nat: User) -> None:
    deploy = a_deploy(site, nat, status=Status.QUEUED)

    finish(deploy, Ending.CANCELLED, "Nat cancelled it.", by=nat, audited="Cancelled it.", now=NOW)

    event = AuditEvent.objects.get(kind=AuditEvent.Kind.CANCEL)
    assert (event.actor, event.site, event.message) == (nat, site, "Cancelled it.")


def test_no_other_code_ends_a_deploy() -> None:
    moved = {
        (file.name, ast.unparse(node.args[0]))
        for file in Path(deployments.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "move"
    }

    on_the_way = {
        (file, status) for file, status in moved if status.removeprefix("Status.") in STEPS_ON_THE_WAY
    }
    assert moved - on_the_way == {("finish.py", "ending.status")}
