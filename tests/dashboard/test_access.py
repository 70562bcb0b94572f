"""Who may do what, over every address."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from deployments.models import SyncRun

OPEN = {"login", "logout", "manifest", "service-worker", "offline", None}
ACTIONS = ["/sync", "/hold", "/holds/1/lift", "/sites/a.example.com/deploy", "/sites/a.example.com/sync",
           "/sites/a.example.com/hold", "/deploys/1/cancel", "/me/notifications/subscribe", "/me/notifications/unsubscribe", "/deploy-all/", "/batches/1/cancel"]  # fmt: skip
PAGES = [
    "/",
    "/activity/",
    "/sites/a.example.com/",
    "/sites/a.example.com/deploy",
    "/deploys/1/",
    "/deploys/1/live",
    "/deploy-all/",
    "/batches/1/",
    "/syncs/1/",
    "/me/notifications/",
]


def test_every_address_is_walked_here() -> None:
    named = {pattern.name for pattern in get_resolver().url_patterns if hasattr(pattern, "name")} - OPEN

    assert len(named) == len({*ACTIONS, *PAGES})


@pytest.mark.parametrize("url", PAGES)
def test_a_page_asks_strangers_to_log_in(stranger: Client, url: str) -> None:
    assert stranger.get(url)["Location"].startswith("/login/")


@pytest.mark.parametrize("url", ACTIONS)
def test_an_action_asks_strangers_to_log_in(stranger: Client, url: str) -> None:
    assert stranger.post(url)["Location"] == "/login/?next=/"


@pytest.mark.parametrize("url", [url for url in ACTIONS if url not in PAGES])
def test_looking_never_acts(deployer: Client, url: str) -> None:
    assert deployer.get(url).status_code == 405


def test_a_group_can_carry_the_right(viewer: Client) -> None:
    group = Group.objects.create(name="deployers")
    group.permissions.add(Permission.objects.get(codename="deploy_site"))
    User.objects.get(username="vic").groups.add(group)

    assert viewer.post("/sync").status_code == 302


def test_who_was_switched_off_is_logged_out(deployer: Client, person: User) -> None:
    User.objects.update(is_active=False)

    assert deployer.get("/")["Location"].startswith("/login/")


def test_a_login_leads_to_where_one_wanted_to_go_but_never_away(stranger: Client) -> None:
    User.objects.create_user("ada", password="long enough 7")
    form = {"username": "ada", "password": "long enough 7"}

    assert stranger.post("/login/", form | {"next": "/activity/"})["Location"] == "/activity/"
    assert Client().post("/login/", form | {"next": "https://evil.example/"})["Location"] == "/"


def test_the_admin_uses_the_one_login(stranger: Client, viewer: Client) -> None:
    assert stranger.get("/admin/login/?next=/admin/")["Location"] == "/login/?next=/admin/"
    assert "for staff" in viewer.get("/admin/login/").text


def test_activity_shows_syncs(viewer: Client) -> None:
    SyncRun.objects.create(started_at=timezone.now(), trigger="schedule", sentence="34 sites looked at.")

    assert "34 sites looked at." in viewer.get("/activity/").text
