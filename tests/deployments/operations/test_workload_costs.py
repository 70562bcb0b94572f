"""What sites of several workloads cost: one list for each kind and namespace, and no statement more."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from time import sleep

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Site, Status
from deployments.operations.deploys.follow import follow
from deployments.operations.sites.save import save_workloads
from deployments.operations.sync.commits import fetch_commits
from deployments.rules.targets import parse_references
from tests.deployments.operations.following import HOST, TIMEOUTS
from tests.factories import NOW, ask, begin, observe
from tests.roles import WORKER, acting_as

pytestmark = [pytest.mark.usefixtures("sites"), pytest.mark.every_kind]

PATIENT = replace(TIMEOUTS, stability=timedelta(minutes=5))
ALIKE = 5
KINDS = "Deployment {0}-web; StatefulSet {0}-worker; DaemonSet {0}-cache; CronJob {0}-report"


class _EnoughSeen(Exception):
    pass


def add_kinds(world: World, host: str) -> None:
    """Map the site to a workload of every kind."""
    name = world.mappings[host].deployment
    world.apply("app_of_one_image", image=world.image(host), name=name)
    save_workloads(Site.objects.get(host=host), parse_references(KINDS.format(name), namespace=NAMESPACE))


@pytest.mark.whole_table
def test_a_sync_in_which_nothing_changed_lists_each_kind_once(world: World, clients: Clients) -> None:
    for host in list(world.mappings)[::7]:
        add_kinds(world, host)
    world.cluster.settle_now()
    world.commit(HOST)
    observe(clients)
    fetch_commits(github=clients.github, now=NOW)
    for log in (world.github.requests, world.registry.requests, world.cluster.requests):
        log.clear()

    with CaptureQueriesContext(connection) as statements:
        report = observe(clients)

    assert (report.run.sites, report.run.changed, report.run.with_problems) == (34, 0, 0)
    lists = sorted(each.path.rpartition("/")[2] for each in world.cluster.requests)
    assert lists == ["cronjobs", "daemonsets", "deployments", "statefulsets"]
    assert len(world.github.requests) <= 2
    assert len(world.registry.requests) == 0
    assert len(statements) <= 8, [each["sql"] for each in statements]


@pytest.mark.five_sites
def test_checking_several_deploys_takes_as_many_statements_as_one(world: World, clients: Clients) -> None:
    hosts = list(world.mappings)[:3]
    for host in hosts:
        add_kinds(world, host)
    world.cluster.settle_now()
    for host in hosts:
        world.commit(host)
    observe(clients)

    costs = []
    for host in hosts:
        begin(ask(host), clients)
        Deploy.objects.update(patched_at=timezone.now())
        costs.append(_statements_of_a_look(clients, world))

    assert costs[0] == costs[1] == costs[2], costs


def _statements_of_a_look(clients: Clients, world: World) -> int:
    """How many SQL statements a check takes when everything has settled, and nothing is new."""
    world.cluster.settle_now()
    counted: list[int] = []
    statements = CaptureQueriesContext(connection)

    def rest(_: float) -> None:
        counted.append(len(statements))
        costs = [later - earlier for earlier, later in pairwise(counted)]
        if len(costs) >= ALIKE and len(set(costs[-ALIKE:])) == 1 and _all_are_verified():
            raise _EnoughSeen
        sleep(0.02)

    with statements, acting_as(WORKER), suppress(_EnoughSeen):
        follow(clients=clients, timeouts=PATIENT, clock=timezone.now, sleep=rest)
    return counted[-1] - counted[-2]


def _all_are_verified() -> bool:
    return not Deploy.objects.exclude(status=Status.VERIFYING).exists()
