"""What each page promises the browser, whatever page it is."""

import re

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from dashboard.content_security import policy
from deployments.models import Site
from tests.dashboard.address_table import TABLE
from tests.dashboard.test_every_address import PASSWORD, address_of

LOOKED_AT = sorted(route for route, row in TABLE.items() if "ok" in row["GET"])
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=\"|javascript:",
    re.IGNORECASE,
)
FOREIGN = re.compile(
    r"""<(?:script|link|img|iframe|form)\b[^>]*\b(?:src|href|action)=["'](?:https?:)?//""", re.IGNORECASE
)


@pytest.fixture
def pages(site: Site) -> dict[str, str]:
    """Each page's text as an admin sees it, by its address."""
    User.objects.create_superuser("root", password=PASSWORD)
    client = Client()
    client.login(username="root", password=PASSWORD)
    found = {address_of(route): client.get(address_of(route)) for route in LOOKED_AT}
    found |= {"/login/": Client().get("/login/"), f"/sites/{site.host}/": client.get(f"/sites/{site.host}/")}
    for address, response in found.items():
        sources = response["Content-Security-Policy"]
        assert "unsafe" not in sources, address
        assert "http" not in sources, address
        assert "frame-ancestors 'none'" in sources, address
        assert response["X-Frame-Options"] == "DENY", address
        assert response["X-Content-Type-Options"] == "nosniff", address
    return {
        address: response.text for address, response in found.items() if "html" in response["Content-Type"]
    }


def test_nothing_is_inline_and_nothing_foreign(pages: dict[str, str]) -> None:
    assert [address for address, text in pages.items() if INLINE.search(text)] == []
    assert [address for address, text in pages.items() if FOREIGN.search(text)] == []


def test_every_posting_form_carries_its_token(pages: dict[str, str]) -> None:
    forms = [
        (address, form)
        for address, text in pages.items()
        for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL)
    ]

    posting = [(address, form) for address, form in forms if 'method="post"' in form.split(">")[0]]

    assert posting
    assert [address for address, form in posting if "csrfmiddlewaretoken" not in form] == []


def test_no_page_carries_a_secret(pages: dict[str, str], settings: LazySettings) -> None:
    secrets = [settings.SECRET_KEY, User.objects.get(username="root").password]

    assert [address for address, text in pages.items() if any(secret in text for secret in secrets)] == []


@pytest.mark.parametrize(
    "route", sorted(route for route, row in TABLE.items() if "ok" in row["POST"] and "<" not in route)
)
def test_no_action_is_taken_without_its_token(route: str) -> None:
    User.objects.create_superuser("root")
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get())

    assert client.post(address_of(route)).status_code in {403, 404}


def test_cookies_stay_on_this_site_and_out_of_scripts(stranger: Client) -> None:
    User.objects.create_user("ada", password=PASSWORD)

    cookie = stranger.post("/login/", {"login": "ada", "password": PASSWORD}).cookies["sessionid"]

    assert (cookie["samesite"], cookie["httponly"], cookie["max-age"]) == ("Lax", True, 30 * 24 * 3600)


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_no_login_leads_away(stranger: Client, away: str) -> None:
    User.objects.create_user("ada", password=PASSWORD)

    answer = stranger.post("/login/", {"login": "ada", "password": PASSWORD, "next": away})

    assert answer["Location"] == "/"


def test_forms_may_lead_to_github_only_where_that_login_is_on() -> None:
    assert policy(forms_lead_to=["https://github.com"])["DIRECTIVES"]["form-action"] == [
        "'self'",
        "https://github.com",
    ]
    assert policy(forms_lead_to=[])["DIRECTIVES"]["form-action"] == ["'self'"]
