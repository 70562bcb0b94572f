"""What a worker answered about a mapping is beside each of its fields, and saving waits for it no longer than two seconds."""

from datetime import timedelta
from html import unescape
from time import monotonic

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import Task

from deployments.mapping.check import wait_for_answer
from deployments.models import MappingCheck, Observation, Site
from deployments.operations.doctor.findings import Finding, bad, good
from tests.deployments.admin.test_site_form import ADD, FILLED_IN
from tests.deployments.admin.test_workloads import form_of, page_of, shown
from tests.factories import create_site


@pytest.fixture
def site() -> Site:
    return create_site(name="shop", owner="icco", repository="shop", deployment="web", namespace="apps")


def answered(site: Site, *findings: Finding) -> None:
    now = timezone.now()
    rows = [each.as_dict() for each in findings]
    MappingCheck.objects.create(site=site, asked_at=now, answered_at=now, findings=rows)


def test_each_answer_is_beside_its_field(owner: Client, site: Site) -> None:
    answered(
        site,
        good("repository", "GitHub has icco/shop."),
        bad("branch", "icco/shop has no branch <trunk>", "Correct the mapping."),
    )

    page = owner.get(page_of(site)).content.decode()

    assert 'id="checked-branch"' in page
    assert "icco/shop has no branch &lt;trunk&gt;. Correct the mapping." in page
    assert page.index("GitHub has icco/shop.") < page.index("has no branch")


def test_a_missing_right_is_said_beside_the_workload_of_which_nothing_was_seen(
    owner: Client, site: Site
) -> None:
    place = site.references[0].place
    answered(site, bad(place, "The worker may not list deployments, needed for seeing what runs.", ""))

    page = shown(owner, site)

    row = f"found-{site.workloads.get().pk}"
    assert "The worker may not list deployments" in page[page.index(row) :]
    assert "Not checked yet." not in page[page.index(row) :]


def test_what_keeps_the_sync_from_seeing_a_workload_is_said_instead_of_not_checked_yet(
    owner: Client, site: Site
) -> None:
    Observation.objects.create(site=site, cluster_problem="The worker may not list statefulsets")

    page = shown(owner, site)

    row = page[page.index(f"found-{site.workloads.get().pk}") :]
    assert "The worker may not list statefulsets." in row
    assert "Not checked yet." not in row


def test_saving_is_not_forbidden_and_without_a_worker_not_delayed(owner: Client) -> None:
    began = monotonic()

    page = owner.post(ADD, FILLED_IN, follow=True).content.decode()

    assert Site.objects.exists()
    assert "A worker checks the mapping now." in page
    assert monotonic() - began < 2
    assert "data-pending" in shown(owner, Site.objects.get())


def test_saving_asks_again_and_no_longer_shows_the_earlier_answer(owner: Client, site: Site) -> None:
    answered(site, bad("branch", "There is no such branch.", ""))

    owner.post(page_of(site), form_of(site, branch="main"))

    assert MappingCheck.objects.get().answered_at is None
    assert "There is no such branch." not in shown(owner, site)


@pytest.mark.parametrize("findings", [[], "text", [None], [{"colour": "red"}], {"subject": "branch"}])
def test_what_another_version_has_written_breaks_no_form(owner: Client, site: Site, findings: object) -> None:
    now = timezone.now()
    MappingCheck.objects.create(site=site, asked_at=now, answered_at=now, findings=findings)

    assert owner.get(page_of(site)).status_code == 200


def test_a_worker_that_was_seen_lately_is_waited_for_at_most_two_seconds(site: Site) -> None:
    now = timezone.now()
    Task.objects.create(
        id="1", name="tick", func="deployments.tasks.tick", started=now, stopped=now, success=True
    )
    MappingCheck.ask(site.pk, now=now)
    began = monotonic()

    nothing = wait_for_answer(site.pk, now=now)
    waited = monotonic() - began
    at_once = wait_for_answer(site.pk, now=now + timedelta(hours=1))

    assert (nothing, at_once) == (None, None)
    assert 2 <= waited < monotonic() - began + 0.001 < 4


def test_a_mapping_is_deleted_with_its_answer(owner: Client, site: Site) -> None:
    answered(site, good("branch", "It is there."))

    owner.post(f"/admin/deployments/site/{site.pk}/delete/", {"post": "yes"})

    assert not MappingCheck.objects.exists()


def test_nothing_of_an_answer_is_shown_to_a_stranger(stranger: Client, site: Site) -> None:
    answered(site, bad("branch", "There is no branch trunk.", ""))

    answer = stranger.get(page_of(site))

    assert answer.status_code == 403
    assert "trunk" not in unescape(answer.content.decode())
