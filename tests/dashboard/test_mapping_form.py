"""A mapping is added, edited and deleted on pages of our own."""

import re
from html import unescape
from time import time

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from dashboard.accounts.reauthentication import CHECKED_AT
from deployments.models import AuditEvent, Hold, MappingCheck, Site, Status
from deployments.models.site import mapping_fields
from deployments.operations.doctor.findings import Finding, bad, good
from deployments.rules.targets import format_references
from tests.dashboard.conftest import HOST, MakeSite
from tests.dashboard.test_deploy import make_deploy

ADD = "/sites/add"
EDIT = f"/sites/{HOST}/edit"
DELETE = f"/sites/{HOST}/delete"
SHOP = {
    "repository": "https://github.com/icco/shop",
    "name": "shop",
    "check_path": "/",
    "check_status": "200",
    "check_timeout_seconds": "10",
    "commit_source": "tag",
    "minimum_interval_minutes": "0",
}


def sent(*workloads: str, first: int = 0, **fields: str) -> dict[str, str]:
    body = {**SHOP, "workloads-TOTAL_FORMS": str(len(workloads)), "workloads-INITIAL_FORMS": str(first)}
    for number, name in enumerate(workloads):
        row = {"kind": "Deployment", "namespace": "default", "name": name, "position": str(number)}
        body |= {f"workloads-{number}-{key}": value for key, value in row.items()}
    return body | fields


def answered(site: Site, *findings: Finding) -> None:
    now = timezone.now()
    rows = [each.as_dict() for each in findings]
    MappingCheck.objects.create(site=site, asked_at=now, answered_at=now, findings=rows)


def logged_in_before(client: Client, *, minutes: int) -> None:
    session = client.session
    session[CHECKED_AT] = time() - minutes * 60
    session.save()


@pytest.fixture
def eve(client: Client) -> Client:
    """An administrator who may see mappings, and change none."""
    user = User.objects.create_user("eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_site"))
    client.force_login(user)
    return client


def test_a_site_is_added_with_several_workloads_and_the_audit_says_so(admin_client: Client) -> None:
    answer = admin_client.post(ADD, sent("shop", "shop-worker"))

    site = Site.objects.get(name="shop")
    assert answer["Location"] == "/sites/shop/"
    assert (site.owner, site.repository) == ("icco", "shop")
    assert [each.name for each in site.references] == ["shop", "shop-worker"]
    assert AuditEvent.objects.filter(message="Added the mapping of shop.", site=site).count() == 1


def test_what_was_typed_is_saved_after_the_check_that_an_old_session_needs(admin_client: Client) -> None:
    logged_in_before(admin_client, minutes=16)

    form = admin_client.get(ADD)
    check = admin_client.post(ADD, sent("shop"))["Location"]
    is_saved_at_once = Site.objects.exists()
    admin_client.post(check, {"password": "password", "next": ADD})

    assert form.status_code == 200
    assert not is_saved_at_once
    assert Site.objects.get().name == "shop"


@pytest.mark.parametrize(("minutes", "asks"), [(16, True), (1, False)])
def test_a_person_who_cannot_confirm_here_logs_in_before_typing(
    client: Client, minutes: int, *, asks: bool
) -> None:
    client.force_login(User.objects.create_superuser("root"))
    logged_in_before(client, minutes=minutes)

    answer = client.get(ADD)

    assert (answer.get("Location") == f"/login/?next={ADD}") is asks


def test_who_can_only_log_in_again_is_led_back_to_the_form_that_was_sent(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root"))
    logged_in_before(client, minutes=16)

    answer = client.post(ADD, sent("shop"), headers={"Referer": f"https://headway.example{ADD}"})

    assert answer["Location"] == "/login/?next=/sites/add%3Funsent%3D1"
    assert not Site.objects.exists()


@pytest.mark.parametrize("path", [ADD, "/admin/deployments/site/add/"])
def test_what_was_typed_before_the_session_ended_is_shown_with_every_workload_and_not_saved(
    admin_client: Client, path: str
) -> None:
    page = unescape(admin_client.post(path, sent("shop", "shop-worker", branch="trunk", typed="1")).text)

    assert "You were logged out" in page
    assert 'value="trunk"' in page
    assert 'value="shop-worker"' in page
    assert "Correct what is marked" not in page
    assert not Site.objects.exists()


@pytest.mark.parametrize("repository", ["", SHOP["repository"]])
def test_a_workload_s_row_is_added_without_a_script_and_loses_nothing(
    admin_client: Client, repository: str
) -> None:
    page = admin_client.post(ADD, sent("shop", repository=repository, **{"add-workload": "1"})).text

    assert 'name="workloads-1-name"' in page
    assert 'value="shop"' in page
    assert 'role="alert"' not in page
    assert "aria-invalid" not in page
    assert not Site.objects.exists()


def test_bad_input_is_explained_and_kept(admin_client: Client) -> None:
    page = unescape(admin_client.post(ADD, sent("No Name", repository="shop", branch="trunk")).text)

    assert "Write the user or organisation, or paste the repository's whole address." in page
    assert 'value="No Name"' in page
    assert 'value="trunk"' in page
    assert not Site.objects.exists()


def test_a_container_that_another_site_maps_is_refused_in_its_workload_s_block(
    admin_client: Client, site: Site
) -> None:
    taken = site.references[0]

    page = admin_client.post(ADD, sent(taken.name, **{"workloads-0-namespace": taken.namespace})).text

    block = unescape(page[page.index("Workload 1") :])
    assert f"{HOST} already maps Deployment {taken.name} in namespace {taken.namespace}." in block
    assert not Site.objects.filter(name="shop").exists()


def test_each_mistake_is_beside_its_field_and_named_by_a_link_above(admin_client: Client) -> None:
    page = unescape(admin_client.post(ADD, sent("", check_path="no path", repository="")).text)

    above, form = page.split('<form method="post" class="mapping"')
    assert re.findall(r'<a href="#([\w-]+)">([^<]+)</a>', above) == [
        ("id_repository", "Repository"),
        ("id_owner", "Owner"),
        ("id_workloads-0-name", "Workload 1: Name"),
        ("id_check_path", "Health check: Path"),
    ]
    for name in ("repository", "owner", "workloads-0-name", "check_path"):
        field = re.search(rf'<input[^>]* id="id_{name}"[^>]*>', form)
        assert field is not None
        assert f"id_{name}_error" in field[0]
        assert f'id="id_{name}_error"' in form


@pytest.mark.parametrize(("wrong", "is_open"), [("check_path", True), ("host", False)])
def test_the_fold_is_open_where_a_mistake_is_in_it(
    admin_client: Client, wrong: str, *, is_open: bool
) -> None:
    page = admin_client.post(ADD, sent("shop", **{wrong: "not this"})).text

    assert "Not saved." in page
    assert ('<details class="fold" open>' in page) is is_open


@pytest.mark.parametrize(
    ("subject", "is_open"), [("branch", True), ("image_template", True), ("repository", False)]
)
def test_what_the_worker_found_is_beside_its_field_and_the_fold_is_open_over_a_problem(
    admin_client: Client, site: Site, subject: str, *, is_open: bool
) -> None:
    answered(site, bad(subject, "It is not <there>.", "Correct it."), good("moving_tag", "Fine."))

    page = admin_client.get(EDIT).text

    field = page[page.index(f'id="id_{subject}_helptext"') :]
    assert (
        "<span data-problem>It is not &lt;there&gt;. Correct it.</span>" in field[: field.index("</small>")]
    )
    assert ('<details class="fold" open>' in page) is is_open


def test_what_the_worker_found_of_a_workload_is_in_its_block(admin_client: Client, site: Site) -> None:
    answered(site, bad(site.references[0].place, "There is no such Deployment.", ""))

    page = admin_client.get(EDIT).text

    block = page[page.index('<fieldset class="workload">') : page.index("</fieldset>")]
    assert "There is no such Deployment." in block


def test_a_single_workload_has_no_order_and_cannot_be_removed(admin_client: Client, site: Site) -> None:
    one = admin_client.get(EDIT).text
    two = admin_client.post(ADD, sent("shop", "shop-worker", repository="")).text

    assert 'type="hidden" name="workloads-0-position"' in one
    assert "workloads-0-DELETE" not in one
    assert two.count("Remove this workload") == two.count(">Order<") == 2


def test_every_field_of_a_mapping_is_on_the_page_once(admin_client: Client) -> None:
    page = admin_client.get(ADD).text

    names = re.findall(r'<(?:input|select)[^>]* name="(\w+)"', page[page.index('class="mapping"') :])
    assert sorted(names) == sorted([*mapping_fields(), "csrfmiddlewaretoken", "typed"])


def test_enter_in_a_field_saves_and_adds_no_workload(admin_client: Client) -> None:
    page = admin_client.get(ADD).text

    (first, *_others) = re.findall(r"<button[^>]*>", page[page.index('class="mapping"') :])
    assert "name=" not in first


def test_a_workload_is_removed_by_its_box(admin_client: Client) -> None:
    admin_client.post(ADD, sent("shop", "shop-worker"))
    ids = {f"workloads-{n}-id": str(row.pk) for n, row in enumerate(Site.objects.get().workloads.all())}

    admin_client.post(
        "/sites/shop/edit", sent("shop", "shop-worker", first=2, **ids, **{"workloads-1-DELETE": "on"})
    )

    assert [each.name for each in Site.objects.get().references] == ["shop"]


def test_a_suggestion_is_filled_in_and_not_saved(admin_client: Client, site: Site) -> None:
    page = admin_client.get(f"{EDIT}?moving_tag=stable").text

    assert 'value="stable"' in page
    assert Site.objects.get().moving_tag == site.moving_tag


def test_a_mapping_is_deleted_after_a_question(admin_client: Client, site: Site) -> None:
    admin_client.get(DELETE)
    asked = Site.objects.exists()

    answer = admin_client.post(DELETE, follow=True).text

    assert asked
    assert not Site.objects.exists()
    assert f"Deleted the mapping of {HOST}. Nothing was changed in the cluster." in answer


def test_the_question_counts_what_is_lost_and_names_what_continues(admin_client: Client, site: Site) -> None:
    now = timezone.now()
    make_deploy(site, status=Status.SUCCEEDED, finished_at=now)
    quiet = admin_client.get(DELETE).text
    make_deploy(site, status=Status.QUEUED)
    Hold.objects.create(site=site, reason="Freeze", placed_at=now)
    Hold.objects.create(site=site, reason="Over", placed_at=now, until=now, sha="a" * 40)

    busy = admin_client.get(DELETE).text

    assert "1 deploy with" in quiet
    assert "in progress" not in quiet
    assert "active hold" not in quiet
    assert "2 deploys with" in busy
    assert "1 active hold<" in busy
    assert "A deploy is in progress." in busy
    assert f"The cluster: {format_references(site.references)} continues to run" in busy


@pytest.mark.parametrize("path", [ADD, EDIT, DELETE])
def test_an_administrator_without_the_right_over_mappings_is_refused(
    eve: Client, site: Site, path: str
) -> None:
    looked, tried = eve.get(path).status_code, eve.post(path, sent("shop")).status_code

    assert (looked, tried) == (403, 403)
    assert Site.objects.get() == site


def test_adding_a_site_is_offered_above_the_list_and_the_form_names_the_search(
    admin_client: Client, site: Site
) -> None:
    above, _ = admin_client.get("/").text.split('id="list"')
    form = admin_client.get(ADD).text

    assert f'href="{ADD}"' in above
    assert 'href="/first-start/"' in form


@pytest.mark.parametrize(("page", "address"), [("/", ADD), (f"/sites/{HOST}/", EDIT), (EDIT, DELETE)])
def test_each_form_is_linked_where_it_is_looked_for(
    admin_client: Client, site: Site, page: str, address: str
) -> None:
    assert f'href="{address}"' in admin_client.get(page).text


@pytest.mark.parametrize(("page", "address"), [("/", ADD), (f"/sites/{HOST}/", EDIT)])
def test_no_form_is_linked_for_who_may_not_use_it(eve: Client, site: Site, page: str, address: str) -> None:
    assert address not in eve.get(page).text


def test_what_calls_for_another_mapping_offers_that_only_to_who_may_change_it(
    eve: Client, make_site: MakeSite
) -> None:
    make_site(workload_missing="There is no Deployment cron.")
    refused = eve.get("/").text

    eve.force_login(User.objects.create_superuser("root"))
    offered = eve.get("/").text

    assert EDIT not in refused
    assert EDIT in offered


def test_a_check_that_is_not_answered_yet_is_linked_and_followed(admin_client: Client, site: Site) -> None:
    admin_client.post(ADD, sent("shop"))

    page = admin_client.get("/sites/shop/").text
    form = admin_client.get("/sites/shop/edit").text

    assert '<a href="/sites/shop/edit">See what it finds</a>' in page
    assert MappingCheck.objects.get().answered_at is None
    assert "data-pending" in form
    assert "mapping_check.js" in form
