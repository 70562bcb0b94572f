"""One's own password."""

from django.contrib.auth.models import User
from django.test import Client

OLD, NEW = "long enough 7", "longer than that 8"


def test_it_is_changed_by_who_knows_it_and_the_rules_are_shown_once(client: Client) -> None:
    User.objects.create_user("eve", password=OLD)
    client.post("/login/", {"login": "eve", "password": OLD})

    page = client.get("/account/password").text
    client.post("/account/password", {"oldpassword": OLD, "password1": NEW, "password2": NEW})

    assert page.count("At least 8 characters") == 1
    assert "New password again" in page
    assert User.objects.get().check_password(NEW)


def test_who_has_none_sets_a_first_one(client: Client) -> None:
    eve = User.objects.create_user("eve")
    client.force_login(eve)

    client.post("/account/password/first", {"password1": NEW, "password2": NEW})

    assert User.objects.get().check_password(NEW)
