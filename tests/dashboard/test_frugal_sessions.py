"""Nobody piles up rows of sessions by loading pages, or without a login at all."""

from datetime import timedelta

import pytest
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.sessions.models import Session
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from dashboard.accounts.anonymous_sessions import frugal_sessions_middleware
from dashboard.views.accounts import CHALLENGE_COOKIE, challenge_in
from deployments.operations.tick import tick
from tests.dashboard.test_every_address import ROUTES, address_of
from tests.factories import NOW

AJAX = {"X-Requested-With": "XMLHttpRequest"}
PASSKEY = "/login/passkey"
PASSWORD = "long enough 7"


@pytest.fixture(autouse=True)
def _eve(db: None) -> None:
    cache.clear()
    User.objects.create_user("eve", password=PASSWORD)


@pytest.mark.parametrize("headers", [{}, pytest.param(AJAX, marks=pytest.mark.slow)])
def test_a_get_of_any_address_creates_no_row(headers: dict[str, str]) -> None:
    for route in ROUTES:
        Client().get(address_of(route), headers=headers)
        Client().get(
            f"{address_of(route)}?next=/activity/", headers=headers | {"Cookie": "sessionid=" + "a" * 32}
        )

    assert not Session.objects.exists()


def test_the_challenge_for_a_passkey_is_kept_by_the_browser_and_signed() -> None:
    client = Client()

    options = client.get(PASSKEY, headers=AJAX).json()["request_options"]

    cookie = client.cookies[CHALLENGE_COOKIE]
    state = signing.loads(cookie.value, salt=CHALLENGE_COOKIE)
    assert state["challenge"] == options["publicKey"]["challenge"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", PASSKEY)


def test_a_challenge_counts_once() -> None:
    client = Client()
    client.get(PASSKEY, headers=AJAX)
    request = RequestFactory().post(PASSKEY)
    request.COOKIES[CHALLENGE_COOKIE] = client.cookies[CHALLENGE_COOKIE].value

    first, second = challenge_in(request), challenge_in(request)

    assert first
    assert second is None


def test_a_wrong_passkey_makes_no_row_and_takes_the_challenge_back() -> None:
    client = Client()
    client.get(PASSKEY, headers=AJAX)

    client.post(PASSKEY, {"credential": "{}"})

    assert client.cookies[CHALLENGE_COOKIE].value == ""
    assert not Session.objects.exists()


@pytest.mark.parametrize(("method", "seconds"), [("GET", None), ("POST", 3600)])
def test_what_a_library_keeps_for_a_stranger_ends_within_the_hour(method: str, seconds: int | None) -> None:
    request = RequestFactory().generic(method, "/")
    request.session = SessionStore()

    def view(asked: HttpRequest) -> HttpResponse:
        asked.session["state"] = "of some library"
        return HttpResponse()

    SessionMiddleware(view).process_response(request, frugal_sessions_middleware(view)(request))

    ages = [(each.expire_date - timezone.now()).total_seconds() for each in Session.objects.all()]
    assert ages == ([pytest.approx(seconds, abs=60)] if seconds else [])


@pytest.mark.parametrize(("method", "tries"), [("get", 30), ("post", 10)])
def test_an_address_has_so_many_tries_with_a_passkey(method: str, tries: int) -> None:
    statuses = [getattr(Client(), method)(PASSKEY, headers=AJAX).status_code for _ in range(31)]
    elsewhere = getattr(Client(REMOTE_ADDR="192.0.2.7"), method)(PASSKEY, headers=AJAX).status_code

    assert [each == 429 for each in statuses] == [False] * tries + [True] * (31 - tries)
    assert elsewhere != 429


def test_a_strangers_session_ends_within_the_hour_and_the_one_of_who_logs_in_does_not() -> None:
    client = Client()
    session = client.session
    session[STATE_SESSION_KEY] = {}
    session.set_expiry(3600)
    session.save()
    client.cookies["sessionid"] = session.session_key

    client.post("/login/", {"login": "eve", "password": PASSWORD})

    assert Session.objects.get().expire_date > timezone.now() + timedelta(days=29)


def test_sessions_that_are_over_are_deleted_once_an_hour() -> None:
    for name, hours in (("over", -1), ("lasts", 1)):
        Session.objects.create(
            session_key=name * 6, session_data="", expire_date=NOW + timedelta(hours=hours)
        )

    tick(now=NOW.replace(minute=1))
    kept = Session.objects.count()
    tick(now=NOW.replace(minute=0))

    assert kept == 2
    assert Session.objects.get().session_key == "lasts" * 6
