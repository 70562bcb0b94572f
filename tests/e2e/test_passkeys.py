"""A tap logs in: the browser's own virtual authenticator replaces the phone's.

https://chromedevtools.github.io/devtools-protocol/tot/WebAuthn/
"""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.e2e.axe import findings_on, walk
from tests.e2e.installation import PASSWORD, Installation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Tapper:
    """A platform authenticator of the page's browser, whose owner touches it at once, or never."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = added["authenticatorId"]

    def be(self, *, there: bool) -> None:
        self._session.send(
            "WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self._id, "enabled": there}
        )


def add_a_passkey(page: Page) -> None:
    page.get_by_role("link", name="Account").tap()
    page.get_by_role("link", name="Add a passkey").tap()
    page.get_by_role("button", name="Add a passkey").tap()
    expect(page.get_by_text("Passkey added.")).to_be_visible()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="recovery codes")).to_have_count(0)


@pytest.fixture
def by_name(installation: Installation) -> str:
    """Where passkeys work: under a name, not under an IP address."""
    return f"http://localhost:{urlsplit(installation.url).port}"


@pytest.fixture
def page(enter: Callable[..., Page], by_name: str) -> Page:
    return enter(base_url=by_name)


@pytest.fixture
def tap(page: Page) -> Tapper:
    return Tapper(page)


def log_out(page: Page) -> None:
    page.goto("/account/")
    page.get_by_role("button", name="Log out").tap()


def test_a_passkey_is_added_and_logs_in(page: Page, tap: Tapper, by_name: str) -> None:
    add_a_passkey(page)
    tap.be(there=False)
    with page.expect_response("**/login/passkey*"):
        log_out(page)
    page.wait_for_load_state("networkidle")
    tap.be(there=True)

    page.get_by_role("button", name="Log in with a passkey").tap()

    page.wait_for_url(f"{by_name}/")
    expect(page.get_by_role("link", name="Account")).to_have_attribute("title", "nat")


def test_the_browser_offers_the_passkey_unprompted(page: Page, tap: Tapper, by_name: str) -> None:
    add_a_passkey(page)

    log_out(page)

    page.wait_for_url(f"{by_name}/")


def test_a_password_needs_a_second_step_once_there_is_a_passkey(
    page: Page, tap: Tapper, by_name: str
) -> None:
    add_a_passkey(page)
    code = page.locator(".codes code").first.inner_text()
    tap.be(there=False)
    log_out(page)

    page.get_by_label("Name").fill("nat")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).tap()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in", exact=True).tap()

    page.wait_for_url(f"{by_name}/")


def test_axe_finds_nothing_where_a_passkey_and_codes_are_set(page: Page, tap: Tapper) -> None:
    add_a_passkey(page)
    TOTP.activate(User.objects.get(username="nat"), "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    key = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN).pk
    tap.be(there=False)
    passkey = [f"/account/passkeys/{key}/name", f"/account/passkeys/{key}/remove"]
    codes = ["/account/codes/off", "/account/recovery/", "/account/recovery/new"]

    inside = walk(page, ["/account/", *passkey, *codes, "/account/check/code", "/account/check/passkey"])
    log_out(page)
    page.get_by_label("Name").fill("nat")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).tap()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()

    assert [*inside, *findings_on(page)] == []


def test_under_an_ip_address_it_says_what_to_do(enter: Callable[..., Page]) -> None:
    page = enter()
    page.context.clear_cookies()
    page.goto("/login/")

    page.get_by_role("button", name="Log in with a passkey").tap()

    expect(page.get_by_role("alert")).to_contain_text("Open this page as http://localhost:")
