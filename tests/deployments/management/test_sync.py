"""`manage.py sync`: look now, say what was seen and done."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Observation, Site, SyncRun
from tests.deployments.management.conftest import Run

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


@pytest.mark.five_sites
def test_it_prints_one_line_for_each_site_and_a_summary(pointed: World, run: Run) -> None:
    pointed.commit(HOST)

    printed = run("sync")

    heading, *lines, summary = printed.splitlines()
    assert heading.split() == ["STATE", "NAME", "VERDICT", "REASON", "MESSAGE"]
    assert {line.split()[1]: line.split()[0] for line in lines}[HOST] == "ready"
    assert len(lines) == len(pointed.mappings)
    assert summary.startswith("5 sites, 5 changed, 0 with problems, 0 deployed; requests: GitHub 1,")


@pytest.mark.five_sites
def test_json_says_the_same(pointed: World, run: Run) -> None:
    pointed.commit(HOST)

    stated = json.loads(run("sync", "--json"))

    assert (stated["sites"], stated["with_problems"], stated["github_requests"]) == (5, 0, 1)
    assert {each["name"]: each["state"] for each in stated["decisions"]}[HOST] == "ready"


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(pointed: World, run: Run) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    run("sync")
    pointed.commit(HOST)
    before = list(Observation.objects.order_by("pk").values())
    runs = SyncRun.objects.count()

    printed = run("sync", "--dry-run")

    assert "1 would be deployed" in printed
    assert list(Observation.objects.order_by("pk").values()) == before
    assert SyncRun.objects.count() == runs
    assert not Deploy.objects.exists()


def test_a_dry_run_says_of_each_site_what_it_met_and_each_problem_once(pointed: World, run: Run) -> None:
    pointed.repository(HOST).is_saml_protected = True

    printed = run("sync", "--dry-run")

    (line,) = [line for line in printed.splitlines() if line.split()[1:2] == [HOST]]
    problems = [line for line in printed.splitlines() if line.startswith("1 site: ")]
    assert "single sign-on" in line
    assert len(problems) == 1
    assert "single sign-on" in problems[0]


@pytest.mark.five_sites
@pytest.mark.parametrize("broken", ["token", "cluster"])
def test_a_wrong_token_or_a_dead_cluster_is_said_once_for_all_sites(
    pointed: World, run: Run, settings: Settings, broken: str
) -> None:
    if broken == "token":
        settings.GITHUB_TOKEN = "wrong"
        Clients.from_settings.cache_clear()
    else:
        pointed.cluster.stop()
    printed = StringIO()

    with pytest.raises(CommandError, match="No site could be checked"):
        call_command("sync", "--dry-run", stdout=printed)

    (line,) = [line for line in printed.getvalue().splitlines() if line.startswith("5 sites: ")]
    assert ("token" if broken == "token" else "cannot be reached") in line


def test_named_sites_alone_are_checked(pointed: World, run: Run) -> None:
    printed = run("sync", HOST)

    assert printed.splitlines()[-1].startswith("1 site, 1 changed,")
    assert list(Observation.objects.values_list("site__host", flat=True)) == [HOST]


def test_a_host_that_is_not_known_is_named_and_nothing_is_checked(pointed: World, run: Run) -> None:
    with pytest.raises(CommandError, match=r"No such site: nowhere\.example\.com\."):
        run("sync", "nowhere.example.com")

    assert not pointed.github.requests


def test_when_no_site_could_be_observed_the_command_fails(pointed: World, run: Run) -> None:
    pointed.github.stop()

    with pytest.raises(CommandError, match="No site could be checked"):
        run("sync")
