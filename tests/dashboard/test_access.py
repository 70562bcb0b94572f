"""Logging in, and what it gives."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.accounts.roles import Role, give_role
from deployments.models import SyncRun


def test_a_role_carries_the_right(viewer: Client) -> None:
    give_role(User.objects.get(username="vic"), Role.DEPLOYER)

    assert viewer.post("/sync").status_code == 302


def test_who_was_switched_off_is_logged_out(deployer: Client, person: User) -> None:
    User.objects.update(is_active=False)

    assert deployer.get("/")["Location"].startswith("/login/")


def test_a_login_leads_to_where_one_wanted_to_go_but_never_away(stranger: Client) -> None:
    User.objects.create_user("ada", password="long enough 7")
    form = {"login": "ada", "password": "long enough 7"}

    assert stranger.post("/login/", form | {"next": "/activity/"})["Location"] == "/activity/"
    assert Client().post("/login/", form | {"next": "https://evil.example/"})["Location"] == "/"


def test_the_admin_uses_the_one_login(stranger: Client, viewer: Client) -> None:
    assert stranger.get("/admin/login/?next=/admin/")["Location"] == "/login/?next=/admin/"
    assert "for admins" in viewer.get("/admin/login/").text


def test_activity_shows_syncs(viewer: Client) -> None:
    SyncRun.objects.create(started_at=timezone.now(), trigger="schedule", message="34 sites checked.")

    assert "34 sites checked." in viewer.get("/activity/").text


def test_a_phone_stays_logged_in_for_a_month(stranger: Client) -> None:
    User.objects.create_user("ada", password="long enough 7")

    answer = stranger.post("/login/", {"login": "ada", "password": "long enough 7"})

    assert int(answer.cookies["sessionid"]["max-age"]) >= timedelta(days=30).total_seconds()
