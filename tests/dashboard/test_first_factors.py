"""Ways of logging in are added, changed and shown only soon after a login or a check, and kept by no browser."""

from time import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from dashboard.accounts.reauthentication import CHECKED_AT
from tests.dashboard.address_table import TABLE
from tests.dashboard.test_every_address import address_of

PASSWORD = "long enough 7"
NEW = {
    "password1": "another one 8",
    "password2": "another one 8",
    "name": "Mine",
    "credential": "{}",
    "code": "123456",
}
NO_NEED = {
    "account/": "shows which ways there are, and none of their secrets",
    "account/check/password": "is the check",
    "account/check/code": "is the check",
    "account/check/passkey": "is the check",
    "account/password": "asks for the old password",
    "account/passkeys/": "leads to account/",
    "account/sessions": "ends sessions",
}
FACTORS = sorted(route for route in TABLE if route.startswith("account/") and route not in NO_NEED)
OTHERS = ("account/", "account/sessions", "account/password")


@pytest.fixture
def eve(settings: LazySettings) -> User:
    """One that GitHub or a proxy logs in: without password, passkey and codes."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("eve")


@pytest.fixture
def late(eve: User, client: Client) -> Client:
    client.force_login(eve)
    session = client.session
    session[CHECKED_AT] = time() - 16 * 60
    session.save()
    return client


def test_each_address_about_a_factor_is_one_that_someone_thought_of() -> None:
    assert set(NO_NEED) <= set(TABLE)
    assert len(FACTORS) == 9


@pytest.mark.parametrize("route", FACTORS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_any_factor_one_logs_in_again(late: Client, eve: User, method: str, route: str) -> None:
    answer = getattr(late, method)(address_of(route), NEW)

    eve.refresh_from_db()
    assert answer["Location"].startswith("/login/?next=")
    assert "_auth_user_id" not in late.session
    assert not eve.has_usable_password()
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("route", FACTORS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_with_a_password_it_is_required(late: Client, eve: User, method: str, route: str) -> None:
    eve.set_password(PASSWORD)
    eve.save()
    late.force_login(eve)
    session = late.session
    session[CHECKED_AT] = time() - 16 * 60
    session.save()

    answer = getattr(late, method)(address_of(route), NEW)

    assert answer["Location"].startswith("/account/check/password?next=")


def test_who_has_codes_alone_sets_no_password_with_an_old_session(late: Client, eve: User) -> None:
    TOTP.activate(eve, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")

    answer = late.post("/account/password/first", NEW)

    eve.refresh_from_db()
    assert answer["Location"].startswith("/account/check/")
    assert not eve.has_usable_password()


def test_after_a_fresh_login_a_first_password_is_set(client: Client, eve: User) -> None:
    client.force_login(eve)

    client.post("/account/password/first", NEW)

    eve.refresh_from_db()
    assert eve.check_password("another one 8")


def test_a_login_leads_back_to_where_the_factor_is_set(late: Client) -> None:
    answer = late.get("/account/passkeys/add")

    assert answer["Location"] == "/login/?next=/account/passkeys/add"


@pytest.mark.parametrize("route", [each for each in (*FACTORS, *OTHERS) if "<" not in each])
def test_no_browser_keeps_a_page_of_ones_account(client: Client, eve: User, route: str) -> None:
    client.force_login(eve)
    TOTP.activate(eve, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(eve)

    answer = client.get(address_of(route))

    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/welcome/", "/login/", "/login/code"])
def test_nor_a_page_on_the_way_in(stranger: Client, path: str) -> None:
    answer = stranger.get(path)

    assert "no-store" in answer["Cache-Control"]
