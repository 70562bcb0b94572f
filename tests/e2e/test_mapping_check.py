"""Saving a mapping, with a worker that answers: what is not there is said beside its field at once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deployments.models import MappingCheck, Site
from deployments.queries.metrics_data import last_tick
from deployments.queue import enqueue
from tests.e2e.installation import Installation
from tests.processes import eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FIELDS = ("branch", "workloads-0-name", "check_path")


@pytest.fixture
def page(installation: Installation, enter: Callable[..., Page]) -> Page:
    """An administrator's, where a worker has been seen."""
    enqueue.tick()
    assert eventually(last_tick, seconds=60)
    return enter("root")


@pytest.fixture
def form(page: Page) -> Page:
    """A mapping's form in the admin."""
    site = Site.objects.order_by("pk")[0]
    page.goto(f"/admin/deployments/site/{site.pk}/change/")
    return page


def save_until(form: Page, message: str) -> None:
    """Save with the same values until a worker has answered in time, which on a busy machine may take a second try."""
    changed = {name: form.locator(f"[name={name}]").input_value() for name in FIELDS}
    address = form.url

    def is_answered() -> bool:
        form.goto(address)
        for name, value in changed.items():
            form.locator(f"[name={name}]").fill(value)
        with form.expect_navigation():
            form.get_by_role("button", name="Save", exact=True).click()
        return message in form.locator(".messagelist").inner_text()

    assert eventually(is_answered, seconds=60)


def test_what_is_not_there_is_beside_its_field_and_saved_all_the_same(form: Page) -> None:
    form.locator("[name=branch]").fill("trunk")
    form.locator("[name=workloads-0-name]").fill("no-such-thing")

    save_until(form, "The check found 2 problems. Each is beside its field.")

    expect(form.locator("#checked-branch")).to_contain_text("has no branch “trunk”")
    expect(form.locator("#workloads-0")).to_contain_text("There is no Deployment no-such-thing")
    assert Site.objects.filter(branch="trunk", workloads__name="no-such-thing").exists()


def test_where_all_is_there_that_is_said(form: Page) -> None:
    form.locator("[name=check_path]").fill("/health")

    save_until(form, "Checked: the repository, branch, workloads and image are there.")

    assert MappingCheck.objects.get().answered_at


def test_on_the_page_of_our_own_enter_saves_and_the_fold_opens_over_what_is_not_there(page: Page) -> None:
    site = Site.objects.order_by("pk")[0]
    page.goto(f"/sites/{site.name}/edit")
    page.get_by_text("More settings").tap()
    page.get_by_label("Branch").fill("trunk")
    page.locator("[name=workloads-0-name]").fill("no-such-thing")

    page.locator("[name=workloads-0-name]").press("Enter")
    expect(page.locator(".note").first).to_contain_text("Saved.")
    page.goto(f"/sites/{site.name}/edit")

    expect(page.locator("#checked-branch")).to_contain_text("has no branch “trunk”")
    expect(page.locator("#checked-branch")).to_be_visible()
    expect(page.locator(".workload")).to_contain_text("There is no Deployment no-such-thing")
    expect(page.locator(".workload")).to_have_count(1)
