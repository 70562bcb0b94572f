"""Risky taps ask for the password or the passkey again."""

from time import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.accounts.reauthentication import CHECKED_AT
from deployments.models import Deploy, Hold, Site, SyncRun
from deployments.operations.hold import place_hold
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite

PASSWORD = "long enough 7"
OLD = "d" * 40


@pytest.fixture
def late(person: User) -> Client:
    """A deployer who logged in 16 minutes ago."""
    person.set_password(PASSWORD)
    person.save()
    client = Client()
    client.force_login(person)
    session = client.session
    session[CHECKED_AT] = time() - 16 * 60
    session.save()
    return client


def tap(client: Client, sha: str, **more: str) -> str:
    return client.post(f"/sites/{HOST}/deploy", {"sha": sha, "seen": RUNNING, **more})["Location"]


def test_the_newest_commit_needs_no_check(late: Client, site: Site, synced: SyncRun) -> None:
    assert tap(late, HEAD).startswith("/deploys/")


def test_red_ci_needs_one(late: Client, make_site: MakeSite, synced: SyncRun) -> None:
    make_site(check_state="failure")

    assert tap(late, HEAD, accept_red="on").startswith("/account/check/password?next=")
    assert not Deploy.objects.exists()


def test_what_was_tapped_is_done_after_the_check(late: Client, make_site: MakeSite, synced: SyncRun) -> None:
    make_site(check_state="failure")
    where = tap(late, HEAD, accept_red="on")

    answer = late.post(where, {"password": PASSWORD, "next": f"/sites/{HOST}/deploy"})

    assert answer["Location"] == f"/deploys/{Deploy.objects.get().pk}/"


def test_a_wrong_password_does_nothing(late: Client, make_site: MakeSite, synced: SyncRun) -> None:
    make_site(check_state="failure")
    where = tap(late, HEAD, accept_red="on")

    late.post(where, {"password": "wrong", "next": f"/sites/{HOST}/deploy"})

    assert not Deploy.objects.exists()


def test_rolling_back_far_needs_one(late: Client, site: Site, synced: SyncRun) -> None:
    assert tap(late, OLD).startswith("/account/check/password?next=")


def test_passing_anothers_hold_needs_one(late: Client, person: User, site: Site) -> None:
    other = User.objects.create_user("ada")
    hold = place_hold(site=site, reason="Freeze", by=other, now=timezone.now())

    where = late.post(f"/holds/{hold.pk}/resume")["Location"]
    stands = Hold.objects.filter(resumed_at=None).exists()
    late.post(where, {"password": PASSWORD, "next": f"/holds/{hold.pk}/resume"})

    assert where.startswith("/account/check/password?next=")
    assert stands
    assert Hold.objects.get().resumed_by_name == person.username


def test_ones_own_hold_needs_none(late: Client, person: User, site: Site) -> None:
    hold = place_hold(site=site, reason="Freeze", by=person, now=timezone.now())

    late.post(f"/holds/{hold.pk}/resume")

    assert Hold.objects.get().resumed_at


def test_a_login_just_now_counts(deployer: Client, make_site: MakeSite, synced: SyncRun) -> None:
    make_site(check_state="failure")

    assert tap(deployer, HEAD, accept_red="on").startswith("/deploys/")


def test_the_admin_writes_only_after_one(late: Client, person: User, site: Site) -> None:
    User.objects.update(is_staff=True, is_superuser=True)

    answer = late.post(f"/admin/deployments/site/{site.pk}/delete/", {"post": "yes"})

    assert answer["Location"].startswith("/account/check/password?next=")
    assert Site.objects.exists()


def test_who_has_neither_password_nor_passkey_logs_in_again(
    deployer: Client, make_site: MakeSite, synced: SyncRun
) -> None:
    make_site(check_state="failure")
    User.objects.update(password="!")
    deployer.force_login(User.objects.get())
    session = deployer.session
    session[CHECKED_AT] = 0
    session.save()

    assert tap(deployer, HEAD, accept_red="on") == "/login/?next=/"
    assert "_auth_user_id" not in deployer.session
