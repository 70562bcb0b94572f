"""Every session is listed, whatever created it, and ends when it is ended."""

from collections.abc import Callable

import pytest
from allauth.usersessions.models import UserSession
from django.conf import LazySettings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dashboard.accounts.sessions import LISTED_AS
from dashboard.accounts.welcome import welcome_code

PASSWORD = "long enough 7"
HEADERS = {"X-Forwarded-User": "ada", "X-Headway-Proxy-Secret": "s3cret"}
Enter = Callable[[LazySettings], Client]


def by_password(settings: LazySettings) -> Client:
    User.objects.create_user("ada", password=PASSWORD)
    return log_in(Client())


def by_the_welcome_page(settings: LazySettings) -> Client:
    client = Client()
    form = {"code": welcome_code(), "username": "ada", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/welcome/", form)
    return client


def by_a_proxy(settings: LazySettings) -> Client:
    settings.TRUSTED_USER_HEADER, settings.TRUSTED_PROXIES = "X-Forwarded-User", 1
    settings.TRUSTED_SECRET = "s3cret"
    User.objects.create_user("ada", password=PASSWORD)
    client = Client(headers=HEADERS)
    client.get("/")
    return client


def by_an_older_release(settings: LazySettings) -> Client:
    """A session that was made before sessions were listed."""
    client = by_password(settings)
    UserSession.objects.all().delete()
    session = client.session
    del session[LISTED_AS]
    session.save()
    client.get("/")
    return client


def by_a_new_password_in_the_admin(settings: LazySettings) -> Client:
    """Django gives the session another key then."""
    client = by_the_welcome_page(settings)
    form = {"password1": f"{PASSWORD}8", "password2": f"{PASSWORD}8", "usable_password": "true"}
    client.post(f"/admin/auth/user/{User.objects.get().pk}/password/", form)
    assert User.objects.get().check_password(f"{PASSWORD}8")
    return client


def log_in(client: Client) -> Client:
    client.post("/login/", {"login": "ada", "password": PASSWORD})
    return client


WAYS = [by_password, by_the_welcome_page, by_a_proxy, by_an_older_release, by_a_new_password_in_the_admin]


@pytest.mark.parametrize("enter", WAYS)
def test_each_session_is_listed(settings: LazySettings, enter: Enter) -> None:
    enter(settings)

    of_people = {each.session_key for each in Session.objects.all() if SESSION_KEY in each.get_decoded()}
    assert of_people
    assert of_people <= set(UserSession.objects.values_list("session_key", flat=True))


@pytest.mark.parametrize("enter", WAYS[:4])
def test_each_session_can_be_ended_from_elsewhere(settings: LazySettings, enter: Enter) -> None:
    there = enter(settings)
    elsewhere = log_in(Client())

    elsewhere.post("/account/sessions")

    there.defaults = {}
    assert there.get("/")["Location"].startswith("/login/")
    assert elsewhere.get("/").status_code == 200


def test_one_that_is_listed_costs_no_statement(
    deployer: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2) as asked:
        deployer.get("/manifest.webmanifest")
        deployer.get("/account/passkeys/")

    tables = [each["sql"] for each in asked.captured_queries]
    assert not [sql for sql in tables if "usersession" in sql]
