"""The pages of deploying all that is ready."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from deployments.models import BatchItem, Deploy, DeployBatch, Hold, Site, Status
from tests.dashboard.conftest import HEAD, RUNNING, MakeSite

URL = "/deploy-all/"
READY = ["a.example.com", "b.example.com"]


@pytest.fixture(autouse=True)
def _sites(make_site: MakeSite) -> None:
    for host in READY:
        make_site(host)
    make_site("red.example.com", check_state="failure")
    make_site("building.example.com", head_image_built=False)
    make_site("pending.example.com", check_state="pending")
    make_site("diverged.example.com", ahead_by=2)
    make_site("current.example.com", running_sha=HEAD, desired_sha=HEAD, behind_by=0)
    held = make_site("held.example.com")
    Hold.objects.create(site=held, reason="The demo", placed_by_name="ada", placed_at=timezone.now())


def entry(key: str = "") -> dict[str, object]:
    return {"key": key or str(uuid4()), "item": [f"{host} {HEAD} {RUNNING}" for host in READY]}


@pytest.fixture
def batch(deployer: Client) -> DeployBatch:
    deployer.post(URL, entry())
    return DeployBatch.objects.get()


def test_the_list_offers_it_with_their_number(deployer: Client) -> None:
    assert "Deploy all 2 ready" in deployer.get("/").text


def test_a_filter_changes_nothing_about_their_number(deployer: Client) -> None:
    assert "Deploy all 2 ready" in deployer.get("/?state=red").text


def test_a_viewer_is_not_offered_it(viewer: Client) -> None:
    assert "Deploy all" not in viewer.get("/").text


def test_the_question_names_them(deployer: Client) -> None:
    page = deployer.get(URL).text

    assert [host for host in READY if f'value="{host} {HEAD} {RUNNING}"' in page] == READY
    assert page.count('name="item"') == 2


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("red", "CI failed"),
        ("building", "is not built yet"),
        ("pending", "CI has not finished, and this site waits for it"),
        ("diverged", "not on the branch"),
        ("held", "on hold (by ada): The demo"),
    ],
)
def test_the_question_says_who_is_left_out_and_why(deployer: Client, host: str, why: str) -> None:
    left_out = deployer.get(URL).text.partition("left out")[2]

    entry = left_out.partition(f"{host}.example.com")[2].partition("</li>")[0]
    assert why in entry


def test_what_is_current_is_not_named(deployer: Client) -> None:
    assert "current.example.com" not in deployer.get(URL).text


def test_a_tap_begins_the_first(deployer: Client) -> None:
    response = deployer.post(URL, entry())

    batch = DeployBatch.objects.get()
    assert response["Location"] == f"/batches/{batch.pk}/"
    assert list(Deploy.objects.values_list("site__host", flat=True)) == READY[:1]


def test_a_site_whose_tick_is_taken_away_is_left_out(deployer: Client) -> None:
    deployer.post(URL, entry() | {"item": [f"{READY[1]} {HEAD} {RUNNING}"]})

    assert list(BatchItem.objects.values_list("site__host", flat=True)) == READY[1:]


def test_the_chosen_number_begins_together(deployer: Client) -> None:
    page = deployer.post(URL, entry() | {"at_once": "2"}, follow=True).text

    assert list(Deploy.objects.values_list("site__host", flat=True).order_by("pk")) == READY
    assert "2 sites, 2 at a time" in page


@pytest.mark.parametrize("number", ["0", "6", "-1", "x"])
def test_another_number_begins_nothing(deployer: Client, number: str) -> None:
    deployer.post(URL, entry() | {"at_once": number})

    assert not Deploy.objects.exists()


def test_its_page_follows_after_cancelling_until_the_last_has_ended(
    deployer: Client, batch: DeployBatch
) -> None:
    Deploy.objects.update(status=Status.ROLLING_OUT, patched_at=timezone.now())
    deployer.post(f"/batches/{batch.pk}/cancel")
    under_way = deployer.get(f"/batches/{batch.pk}/").text
    Deploy.objects.update(status=Status.SUCCEEDED, finished_at=timezone.now())

    ended = deployer.get(f"/batches/{batch.pk}/").text

    assert ("1 deploy still under way." in under_way, 'data-every="3"' in under_way) == (True, True)
    assert ("still under way" in ended, 'data-every="3"' in ended) == (False, False)


def test_a_double_tap_is_one(deployer: Client) -> None:
    key = str(uuid4())

    first, second = deployer.post(URL, entry(key)), deployer.post(URL, entry(key))

    assert first["Location"] == second["Location"]


@pytest.mark.parametrize(
    "sent",
    [{}, {"key": "x"}, {"key": str(uuid4())}, {"key": str(uuid4()), "item": ["", "a b c d", "x" * 5000]}],
)
def test_nonsense_begins_nothing(deployer: Client, sent: dict[str, object]) -> None:
    response = deployer.post(URL, sent, follow=True)

    assert "note error" in response.text
    assert not Deploy.objects.exists()


def test_its_page_shows_where_it_is(viewer: Client, batch: DeployBatch) -> None:
    page = viewer.get(f"/batches/{batch.pk}/").text

    assert "0 of 2 done" in page
    assert "Queued." in page
    assert "Cancel the rest" not in page


def test_the_title_of_a_batch_of_one_counts_one(viewer: Client, batch: DeployBatch) -> None:
    BatchItem.objects.exclude(pk=batch.items.first().pk).delete()

    assert "Deploying 1 site ·" in viewer.get(f"/batches/{batch.pk}/").text


def test_its_page_is_not_sent_again_while_nothing_changes(deployer: Client, batch: DeployBatch) -> None:
    url, htmx = f"/batches/{batch.pk}/", {"HX-Request": "true"}
    etag = deployer.get(url, headers=htmx)["ETag"]

    assert deployer.get(url, headers=htmx | {"If-None-Match": etag}).status_code == 304


def test_other_pages_lead_to_it_while_it_runs(viewer: Client, batch: DeployBatch) -> None:
    assert f'href="/batches/{batch.pk}/"' in viewer.get("/").text


def test_it_can_be_cancelled(deployer: Client, batch: DeployBatch) -> None:
    page = deployer.post(f"/batches/{batch.pk}/cancel", follow=True).text

    assert "eve cancelled it. 1 site after it not started." in page


@pytest.mark.parametrize("url", [URL, "/batches/{pk}/cancel"])
def test_a_viewer_can_neither_begin_nor_cancel(viewer: Client, batch: DeployBatch, url: str) -> None:
    response = viewer.post(url.format(pk=batch.pk), entry())

    batch.refresh_from_db()
    assert response.status_code == 403
    assert (DeployBatch.objects.count(), batch.is_running) == (1, True)


@pytest.mark.parametrize("url", ["/batches/999/", "/batches/999/cancel"])
def test_a_batch_that_is_not_there_is_404(deployer: Client, url: str) -> None:
    assert deployer.get(url).status_code in (404, 405)


def test_the_list_still_makes_four_statements(
    deployer: Client, batch: DeployBatch, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(4):
        deployer.get("/")


def test_a_site_deleted_meanwhile_does_no_harm(deployer: Client, batch: DeployBatch) -> None:
    Site.objects.get(host=READY[0]).delete()

    assert deployer.get(f"/batches/{batch.pk}/").status_code == 200


@pytest.mark.parametrize(
    "change", [{"typed": "1"}, {"at_once": "9"}, {"key": "none"}], ids=["logged out", "too many", "no key"]
)
def test_who_was_left_out_stays_left_out_where_nothing_was_deployed(
    deployer: Client, change: dict[str, str]
) -> None:
    sent = entry() | {"item": [f"{READY[0]} {HEAD} {RUNNING}"], "at_once": "2"} | change

    page = deployer.post(URL, sent, follow=True).text

    assert re.findall(r'value="(\S+) [^>]*\schecked>', page) == READY[:1]
    assert bool(re.search(r'value="2"\s+selected', page)) is ("at_once" not in change)
    assert not DeployBatch.objects.exists()
