"""A mapping is added, edited and deleted on pages of our own."""

from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from deployments.models import AuditEvent, Site
from tests.dashboard.conftest import HOST

ADD = "/sites/add"
EDIT = f"/sites/{HOST}/edit"
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


def test_a_site_is_added_with_several_workloads_and_the_audit_says_so(admin_client: Client) -> None:
    answer = admin_client.post(ADD, sent("shop", "shop-worker"))

    site = Site.objects.get(name="shop")
    assert answer["Location"] == "/sites/shop/"
    assert (site.owner, site.repository) == ("icco", "shop")
    assert [each.name for each in site.references] == ["shop", "shop-worker"]
    assert AuditEvent.objects.filter(message="Added the mapping of shop.", site=site).count() == 1


def test_a_workload_s_row_is_added_without_a_script_and_loses_nothing(admin_client: Client) -> None:
    page = admin_client.post(ADD, sent("shop", repository="", **{"add-workload": "1"})).text

    assert 'name="workloads-1-name"' in page
    assert 'value="shop"' in page
    assert 'role="alert"' not in page
    assert not Site.objects.exists()


def test_bad_input_is_explained_and_kept(admin_client: Client) -> None:
    page = unescape(admin_client.post(ADD, sent("No Name", repository="shop", branch="trunk")).text)

    assert "Write the user or organisation, or paste the repository's whole address." in page
    assert 'value="No Name"' in page
    assert 'value="trunk"' in page
    assert not Site.objects.exists()


def test_a_container_that_another_site_stands_for_is_refused(admin_client: Client, site: Site) -> None:
    taken = site.references[0]

    page = admin_client.post(ADD, sent(taken.name, **{"workloads-0-namespace": taken.namespace}))

    assert page.status_code == 200
    assert "Not saved." in page.text
    assert not Site.objects.filter(name="shop").exists()


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
    question = admin_client.get(f"/sites/{HOST}/delete").text

    admin_client.post(f"/sites/{HOST}/delete")

    assert "Nothing is changed in the cluster." in question
    assert not Site.objects.exists()


@pytest.mark.parametrize("path", [ADD, EDIT, f"/sites/{HOST}/delete"])
def test_staff_without_the_right_over_mappings_is_refused(client: Client, site: Site, path: str) -> None:
    eve = User.objects.create_user("eve", is_staff=True)
    eve.user_permissions.add(Permission.objects.get(codename="view_site"))
    client.force_login(eve)

    assert (client.get(path).status_code, client.post(path).status_code) == (403, 403)
