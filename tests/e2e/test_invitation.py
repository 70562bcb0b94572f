"""A person is invited on one phone, and joins on another with a passkey."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from dashboard.accounts.roles import Role, give_role
from tests.e2e.axe import findings_on
from tests.e2e.installation import Installation
from tests.e2e.test_passkeys import Tapper

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_link_is_made_on_one_phone_and_opened_on_another(
    enter: Callable[..., Page], installation: Installation, browser: Browser
) -> None:
    here = f"http://localhost:{urlsplit(installation.url).port}"
    give_role(User.objects.get(username="nat"), Role.ADMIN)
    admin = enter(base_url=here)
    admin.goto("/account/")
    admin.get_by_role("link", name="Invite people").tap()
    admin.get_by_label("Name").fill("zoe")
    admin.get_by_role("button", name="Create link").tap()
    path = urlsplit(admin.locator("code.link").inner_text()).path
    found = findings_on(admin)

    context = browser.new_context(base_url=here, has_touch=True)
    phone = context.new_page()
    Tapper(phone)
    phone.goto(path)
    found += findings_on(phone)
    phone.get_by_role("button", name="Join with a passkey").tap()

    expect(phone).to_have_url(f"{here}/")
    expect(phone.get_by_role("link", name="Account")).to_have_attribute("title", "zoe")
    phone.goto(path)
    expect(phone.get_by_text("This invitation link isn't valid.")).to_be_visible()
    assert [*found, *findings_on(phone)] == []
    context.close()
