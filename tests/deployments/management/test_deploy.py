"""`manage.py deploy`: a request from a shell, through the same guards as one from a tap."""

import json
from getpass import getuser

import pytest
from django.core.management import CommandError
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import AuditEvent, Deploy, Site, Status, Trigger
from tests.deployments.management.conftest import Run
from tests.factories import observe

HOST = "cacophony.natwelch.com"


def test_without_a_commit_the_newest_one_seen_is_requested(world: World, clients: Clients, run: Run) -> None:
    sha = world.commit(HOST)
    observe(clients)

    printed = run("deploy", HOST)

    deploy = Deploy.objects.get()
    assert (deploy.site.host, deploy.sha, deploy.trigger) == (HOST, sha, Trigger.COMMAND)
    assert printed.startswith(f"Deploy {deploy.pk} of {HOST} to {sha[:7]}: ")
    assert "deployments.tasks.start_deploy" in [task.func() for task in OrmQ.objects.all()]


def test_a_person_at_a_shell_without_an_account_is_named(world: World, clients: Clients, run: Run) -> None:
    world.commit(HOST)
    observe(clients)

    run("deploy", HOST)

    assert Deploy.objects.get().requested_by_name == f"{getuser()} on a shell"
    assert AuditEvent.objects.get().actor_name == f"{getuser()} on a shell"


def test_a_commit_may_be_named(world: World, clients: Clients, run: Run) -> None:
    sha = world.commit(HOST)
    world.commit(HOST)
    observe(clients)

    run("deploy", HOST, sha)

    assert Deploy.objects.get().sha == sha


def test_json_shows_all_of_the_deploy(world: World, clients: Clients, run: Run) -> None:
    sha = world.commit(HOST)
    observe(clients)

    stated = json.loads(run("deploy", HOST, "--json"))

    assert (stated["name"], stated["sha"], stated["status"]) == (HOST, sha, Status.QUEUED)
    assert stated["image"] == world.image(HOST, sha)


def test_a_refusal_is_a_sentence_and_no_deploy(world: World, clients: Clients, run: Run) -> None:
    world.commit(HOST)
    observe(clients)

    with pytest.raises(CommandError, match="40 hexadecimal digits"):
        run("deploy", HOST, "main")

    assert not Deploy.objects.exists()


def test_a_site_that_was_never_observed_says_what_to_run_first(sites: dict[str, Site], run: Run) -> None:
    with pytest.raises(CommandError, match=f"Run `manage.py sync {HOST}` first"):
        run("deploy", HOST)


def test_a_host_that_is_not_known_says_how_to_list_them(db: None, run: Run) -> None:
    with pytest.raises(CommandError, match=r"No such site: nowhere\. `manage\.py sites` lists them\."):
        run("deploy", "nowhere")
