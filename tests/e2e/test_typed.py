"""What was typed into a long form survives the session's end, for who has typed it and nobody else."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from deployments.models import Deploy, Site
from tests.e2e.installation import PASSWORD, Installation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[..., Page]
READY = ["cron.natwelch.com", "code.natwelch.com"]
LOGGED_OUT = "You were logged out. Nothing was deployed or changed."


def log_in(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).tap()


def type_a_mapping(page: Page) -> None:
    page.goto("/sites/add")
    page.get_by_role("button", name="Add a workload").tap()
    page.get_by_label("Repository", exact=True).fill("https://github.com/icco/shop")
    page.locator("#id_name").fill("shop")
    for number, name in enumerate(("shop", "shop-worker")):
        page.locator(f"#id_workloads-{number}-name").fill(name)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).tap()


def test_the_login_leads_back_to_what_was_typed_and_saves_nothing_until_asked(enter: Enter) -> None:
    page = enter("root")
    type_a_mapping(page)

    page.context.clear_cookies(name="sessionid")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text(LOGGED_OUT)
    log_in(page, "root")

    expect(page.locator("#id_workloads-1-name")).to_have_value("shop-worker")
    expect(page.get_by_role("alert")).to_have_text(re.compile(re.escape(LOGGED_OUT)))
    assert not Site.objects.filter(name="shop").exists()
    save(page)
    page.wait_for_url(re.compile("/sites/shop/"))
    assert [each.name for each in Site.objects.get(name="shop").references] == ["shop", "shop-worker"]


def test_another_person_who_logs_in_sees_none_of_it(enter: Enter) -> None:
    User.objects.create_superuser("eve", password=PASSWORD)
    page = enter("root")
    type_a_mapping(page)
    page.context.clear_cookies(name="sessionid")
    save(page)

    log_in(page, "eve")
    page.wait_for_url("**/sites/add?unsent=1")
    page.wait_for_load_state("networkidle")

    assert page.url.endswith("/sites/add?unsent=1")
    expect(page.locator("#id_name")).to_have_value("")
    assert page.evaluate("sessionStorage.getItem('typed')") is None


def test_a_form_that_a_login_elsewhere_has_made_stale_is_shown_again(enter: Enter) -> None:
    page = enter("root")
    type_a_mapping(page)
    page.context.clear_cookies(name="sessionid")
    elsewhere = page.context.new_page()
    elsewhere.goto("/login/")
    log_in(elsewhere, "root")
    elsewhere.wait_for_url("/")

    save(page)
    expect(page.get_by_role("heading", name="This page has expired")).to_be_visible()
    page.get_by_role("link", name="Back to what you typed").tap()

    expect(page.locator("#id_workloads-1-name")).to_have_value("shop-worker")
    assert not Site.objects.filter(name="shop").exists()


def test_what_was_typed_in_the_admin_is_shown_again(enter: Enter, installation: Installation) -> None:
    page = enter("root")
    page.goto(f"/admin/deployments/site/{Site.objects.earliest('pk').pk}/change/")
    page.locator("#id_branch").fill("trunk")

    page.context.clear_cookies(name="sessionid")
    page.locator("[name=_save]").tap()
    log_in(page, "root")

    expect(page.locator("#id_branch")).to_have_value("trunk")
    expect(page.locator(".errornote + .errorlist")).to_contain_text("You were logged out")
    assert not Site.objects.filter(branch="trunk").exists()


def test_a_site_that_was_left_out_is_not_ticked_again(enter: Enter, installation: Installation) -> None:
    for host in READY:
        installation.make_ready(host)
    page = enter()
    page.goto("/deploy-all/")
    page.get_by_label(READY[0], exact=True).uncheck()

    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Deploy selected sites").tap()
    log_in(page, "nat")

    expect(page.get_by_role("alert")).to_contain_text(LOGGED_OUT)
    expect(page.get_by_label(READY[1], exact=True)).to_be_checked()
    expect(page.get_by_label(READY[0], exact=True)).not_to_be_checked()
    assert not Deploy.objects.exists()


@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("/sites/add", ".reach .go"),
        ("/sites/cron.natwelch.com/delete", "main form button"),
        ("/admin/deployments/site/add/", "[name=_save]"),
    ],
)
def test_a_form_on_any_page_says_that_nothing_was_sent(enter: Enter, path: str, button: str) -> None:
    page = enter("root")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(path)

    page.context.set_offline(True)
    page.locator(button).tap()

    expect(page.locator("#unsent")).to_contain_text("Nothing was sent")
    page.context.set_offline(False)
