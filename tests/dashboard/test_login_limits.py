"""Guessing a password."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

PASSWORD = "long enough 7"
WRONG = {"login": "ada", "password": "not this one"}


@pytest.fixture(autouse=True)
def _ada(db: None) -> None:
    User.objects.create_user("ada", password=PASSWORD)


def test_five_wrong_passwords_close_the_door_even_to_the_right_one(stranger: Client) -> None:
    for _ in range(5):
        stranger.post("/login/", WRONG)

    response = Client().post("/login/", {"login": "ada", "password": PASSWORD})

    assert "Too many failed logins" in response.text


def test_attempts_are_counted_where_all_processes_see_them(stranger: Client) -> None:
    stranger.post("/login/", WRONG)

    assert type(cache._connections["default"]).__name__ == "DatabaseCache"


def test_a_name_is_found_in_any_case(stranger: Client) -> None:
    assert stranger.post("/login/", {"login": "ADA", "password": PASSWORD})["Location"] == "/"


def test_a_wrong_name_is_told_like_a_wrong_password(stranger: Client) -> None:
    answers = [stranger.post("/login/", WRONG | {"login": name}).text for name in ("ada", "nobody")]

    assert all("The name or the password is wrong." in answer for answer in answers)
