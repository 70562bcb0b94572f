"""The list of mappings: what runs, what is newest, and what is done to many at once."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from deployments.models import AuditEvent, Observation, Site
from deployments.rules.labels import STATES
from tests.deployments.admin.conftest import make_site

LIST = "/admin/deployments/site/"
RUNNING, HEAD = "a" * 40, "b" * 40


def observe(site: Site, *, running: str = RUNNING) -> None:
    now = timezone.now() - timedelta(minutes=1)
    Observation.objects.create(
        site=site,
        head_sha=HEAD,
        head_headline="Fix it",
        head_author="Ada",
        head_committed_at=now,
        check_state="success",
        behind_by=int(running != HEAD),
        ahead_by=0,
        github_observed_at=now,
        head_image_built=True,
        desired_image=f"{site.expected_repository}:{running}",
        desired_sha=running,
        running_sha=running,
        ready=1,
        wanted=1,
        cluster_observed_at=now,
    )


def act(client: Client, action: str, sites: list[Site]) -> str:
    """Do something to the chosen sites; return the page that follows."""
    chosen = {"action": action, "_selected_action": [site.pk for site in sites]}
    return client.post(LIST, chosen, follow=True).content.decode()


def test_a_row_shows_state_what_runs_and_what_is_newest(owner: Client, sites: list[Site]) -> None:
    observe(sites[0])

    page = owner.get(LIST, {"q": sites[0].host}).content.decode()

    for shown in (">Update ready</td>", RUNNING[:7], f"{HEAD[:7]} Fix it", "icco/a", "Deployment default/a"):
        assert shown in page


def test_statements_do_not_grow_with_the_sites(owner: Client, sites: list[Site]) -> None:
    owner.get(LIST)
    with CaptureQueriesContext(connection) as few:
        owner.get(LIST)
    for number in range(30):
        observe(make_site(f"site-{number}"))

    with CaptureQueriesContext(connection) as many:
        owner.get(LIST)

    assert len(many) == len(few)


def test_the_state_filter_shows_only_sites_in_that_state(owner: Client, sites: list[Site]) -> None:
    observe(sites[0])
    observe(sites[1], running=HEAD)

    page = owner.get(LIST, {"state": "ready"}).content.decode()

    assert [site.host in page for site in sites] == [True, False, False]


def test_a_filter_is_open_where_it_narrows_the_list_and_offers_the_pages_words(
    owner: Client, sites: list[Site]
) -> None:
    page = owner.get(LIST, {"state": "ready"}).content.decode()

    opened = re.findall(r'<details data-filter-title="([^"]+)"( open)?>', page)
    assert [title for title, is_open in opened if is_open] == ["state"]
    assert len(opened) == 5
    assert all(f">{label}</a>" in page for label in STATES.values())


def test_the_sync_action_queues_one_sync_of_the_chosen_hosts(owner: Client, sites: list[Site]) -> None:
    page = act(owner, "sync", sites[:2])

    (task,) = OrmQ.objects.all()
    assert task.func() == "deployments.tasks.sync"
    assert sorted(task.task["kwargs"]["names"]) == ["a.example.com", "b.example.com"]
    assert "Sync of 2 sites started." in page


@pytest.mark.parametrize(("action", "on"), [("turn_auto_deploy_on", True), ("turn_auto_deploy_off", False)])
def test_auto_deploy_is_turned_for_the_chosen_sites_alone(
    owner: Client, sites: list[Site], action: str, on: bool
) -> None:
    Site.objects.update(auto_deploy=not on)

    act(owner, action, sites[:2])

    turned = Site.objects.filter(auto_deploy=on).order_by("host")
    assert [site.host for site in turned] == ["a.example.com", "b.example.com"]


@pytest.mark.parametrize(("action", "on"), [("turn_host_check_on", True), ("turn_host_check_off", False)])
def test_host_checks_are_turned_for_the_chosen_sites_alone(
    owner: Client, sites: list[Site], action: str, on: bool
) -> None:
    Site.objects.update(check_enabled=not on)

    page = act(owner, action, sites[:2])

    turned = Site.objects.filter(check_enabled=on).order_by("host")
    assert [site.host for site in turned] == ["a.example.com", "b.example.com"]
    assert f"The health check turned {'on' if on else 'off'} for 2 sites." in page
    assert (
        AuditEvent.objects.filter(
            message=f"Turned the health check {'on' if on else 'off'}, together with 1 more."
        ).count()
        == 2
    )


def test_who_has_no_right_to_sites_may_neither_look_nor_act(stranger: Client, sites: list[Site]) -> None:
    seen = stranger.get(LIST)
    acted = stranger.post(LIST, {"action": "turn_auto_deploy_on", "_selected_action": [sites[0].pk]})

    assert (seen.status_code, acted.status_code) == (403, 403)
    assert not Site.objects.filter(auto_deploy=True).exists()
