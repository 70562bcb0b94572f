"""Guessing a password."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from dashboard.json_cache import JsonDatabaseCache

PASSWORD = "long enough 7"
LONG_S, DOTLESS_I = "\N{LATIN SMALL LETTER LONG S}", "\N{LATIN SMALL LETTER DOTLESS I}"
WRONG = {"login": "ada", "password": "not this one"}


@pytest.fixture(autouse=True)
def _ada(db: None) -> None:
    cache.clear()
    User.objects.create_user("ada", password=PASSWORD)


def test_five_wrong_passwords_close_the_door_even_to_the_right_one(stranger: Client) -> None:
    for _ in range(5):
        stranger.post("/login/", WRONG)

    response = Client().post("/login/", {"login": "ada", "password": PASSWORD})

    assert "Too many failed logins" in response.text


def test_after_four_wrong_ones_the_right_one_still_opens_it(stranger: Client) -> None:
    for _ in range(4):
        stranger.post("/login/", WRONG)

    assert Client().post("/login/", {"login": "ada", "password": PASSWORD})["Location"] == "/"


def test_an_address_is_sent_away_after_ten_wrong_passwords_of_whatever_names(stranger: Client) -> None:
    names = [f"name-{number}" for number in range(10)]
    answers = [stranger.post("/login/", WRONG | {"login": name}).text for name in names]

    response = Client().post("/login/", {"login": "ada", "password": PASSWORD})

    assert not any("Too many failed logins" in answer for answer in answers)
    assert "Too many failed logins" in response.text


def test_attempts_are_counted_where_all_processes_see_them(stranger: Client) -> None:
    stranger.post("/login/", WRONG)

    assert isinstance(cache._connections["default"], JsonDatabaseCache)


def test_a_name_is_found_in_any_case(stranger: Client) -> None:
    assert stranger.post("/login/", {"login": "ADA", "password": PASSWORD})["Location"] == "/"


def test_a_wrong_name_is_reported_like_a_wrong_password(stranger: Client) -> None:
    answers = [stranger.post("/login/", WRONG | {"login": name}).text for name in ("ada", "nobody")]

    assert all("Wrong user name or password." in answer for answer in answers)


def test_behind_a_proxy_each_address_is_counted_separately(stranger: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    right = {"login": "ada", "password": PASSWORD}
    for number in range(10):
        stranger.post(
            "/login/", WRONG | {"login": f"name-{number}"}, headers={"X-Forwarded-For": "192.0.2.1"}
        )

    same, another = (
        Client().post("/login/", right, headers={"X-Forwarded-For": address})
        for address in ("192.0.2.1", "192.0.2.2")
    )

    assert "Too many failed logins" in same.text
    assert another["Location"] == "/"


@pytest.mark.parametrize(
    "spelt",
    [
        [("ada", f"localhost:{port}") for port in range(1, 6)],
        [("ada", host) for host in ("localhost", "127.0.0.1", "[::1]", "LOCALHOST", "localhost.")],
        [(name, "localhost") for name in ("ADA", "Ada", " ada", "aDa", "ada")],
    ],
    ids=["ports", "hosts", "cases"],
)
def test_a_name_is_counted_once_however_it_is_written_and_wherever_the_page_is_opened(
    stranger: Client, settings: Settings, spelt: list[tuple[str, str]]
) -> None:
    settings.TRUSTED_PROXIES, settings.ALLOWED_HOSTS = 1, ["localhost", "127.0.0.1", "[::1]", "testserver"]

    for number, (name, host) in enumerate(spelt):
        sent = {"X-Forwarded-For": f"192.0.2.{number}", "Host": host}
        stranger.post("/login/", WRONG | {"login": name}, headers=sent)

    response = Client().post("/login/", {"login": "ada", "password": PASSWORD})
    assert "Too many failed logins" in response.text


def test_an_account_is_counted_once_in_whatever_letters_the_database_takes_for_its_own(
    stranger: Client, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = 1
    User.objects.create_user("sissi", password=PASSWORD)
    alike = [f"{LONG_S}issi", f"s{DOTLESS_I}ssi", f"si{LONG_S}si", f"sis{LONG_S}i", f"siss{DOTLESS_I}"]
    assert User.objects.filter(username__iexact=alike[0]).exists()

    for number, name in enumerate(alike):
        stranger.post("/login/", WRONG | {"login": name}, headers={"X-Forwarded-For": f"192.0.2.{number}"})

    response = Client().post("/login/", {"login": "sissi", "password": PASSWORD})
    assert "Too many failed logins" in response.text
