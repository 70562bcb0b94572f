"""`manage.py sites`: the list page in a shell."""

import json

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from tests.deployments.management.conftest import Run
from tests.factories import observe

HOST = "cacophony.natwelch.com"


def test_it_prints_a_table_of_the_sites(world: World, clients: Clients, run: Run) -> None:
    running = world.repository(HOST).head
    head = world.commit(HOST)
    observe(clients)

    heading, *lines = run("sites").splitlines()

    assert heading.split() == ["STATE", "NAME", "REPOSITORY", "RUNNING", "HEAD", "MESSAGE"]
    (line,) = (each.split() for each in lines if HOST in each)
    assert line[1:5] == [HOST, "icco/cacophony", running[:7], head[:7]]
    assert len(lines) == len(world.mappings)


def test_json_carries_whole_commits(world: World, clients: Clients, run: Run) -> None:
    head = world.commit(HOST)
    observe(clients)

    (stated,) = json.loads(run("sites", HOST, "--json"))

    assert (stated["host"], stated["head"], stated["behind_by"], stated["auto_deploy"]) == (
        HOST,
        head,
        1,
        False,
    )


@pytest.mark.django_db
def test_without_sites_it_says_how_to_add_them(run: Run) -> None:
    assert run("sites") == "No sites yet: manage.py import_sites FILE\n"


@pytest.mark.django_db
def test_without_sites_json_is_an_empty_list(run: Run) -> None:
    assert json.loads(run("sites", "--json")) == []


@pytest.mark.usefixtures("sites")
def test_a_search_that_finds_nothing_says_so(run: Run) -> None:
    assert run("sites", "no-such-word") == "No site matches.\n"
