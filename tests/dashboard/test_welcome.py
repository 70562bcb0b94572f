"""The first account of a fresh installation."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from dashboard.accounts.welcome import UnableToWelcome, log_code, make_first_admin, welcome_code

PASSWORD = "long enough 7"


def form(code: str) -> dict[str, str]:
    return {"code": code, "username": "ada", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture(autouse=True)
def _nobody_has_tried(db: None) -> None:
    """The counters of attempts are in a table without a model, where a test that commits may leave them."""
    cache.clear()


def test_a_fresh_installation_leads_there(stranger: Client) -> None:
    response = stranger.get("/", follow=True)

    assert response.redirect_chain[-1][0] == "/welcome/"


def test_the_code_makes_an_admin_who_is_logged_in(stranger: Client) -> None:
    response = stranger.post("/welcome/", form(welcome_code()))

    assert response["Location"] == "/account/"
    assert User.objects.get().is_superuser
    assert stranger.get("/admin/").status_code == 200


def test_the_code_is_read_as_people_type_it(stranger: Client) -> None:
    stranger.post("/welcome/", form(welcome_code().lower().replace("-", " ")))

    assert User.objects.exists()


def test_a_stranger_without_the_code_gets_nothing(stranger: Client) -> None:
    response = stranger.post("/welcome/", form("AAAA-AAAA-AAAA"))

    assert "This is not the code" in response.text
    assert not User.objects.exists()


def test_the_code_is_shown_in_the_log_once_and_not_on_the_page(
    stranger: Client, caplog: pytest.LogCaptureFixture
) -> None:
    log_code.cache_clear()

    pages = [stranger.get("/welcome/").text for _ in range(3)]

    assert caplog.text.count(welcome_code()) == 1
    assert welcome_code() not in "".join(pages)


def test_guessing_is_limited(stranger: Client) -> None:
    answers = [stranger.post("/welcome/", form("AAAA-AAAA-AAAA")).status_code for _ in range(11)]

    assert answers == [200] * 10 + [429]


def test_guessing_from_many_addresses_is_limited_too() -> None:
    guess = form("AAAA-AAAA-AAAA")

    answers = [
        Client(REMOTE_ADDR=f"192.0.2.{number}").post("/welcome/", guess).status_code for number in range(61)
    ]

    assert answers == [200] * 60 + [429]


def test_it_is_gone_once_there_is_someone(stranger: Client) -> None:
    code = welcome_code()
    User.objects.create_user("eve")

    assert stranger.get("/welcome/").status_code == 404
    assert stranger.post("/welcome/", form(code)).status_code == 404
    assert welcome_code() != code


def test_who_comes_second_makes_nobody(db: None) -> None:
    make_first_admin(lambda: User.objects.create_user("ada"))

    with pytest.raises(UnableToWelcome):
        make_first_admin(lambda: User.objects.create_user("eve"))
    assert [user.username for user in User.objects.all()] == ["ada"]
