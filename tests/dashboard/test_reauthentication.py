"""Risky taps ask for the password or the passkey again."""

from time import time
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.accounts.reauthentication import CHECKED_AT
from deployments.models import Deploy, Hold, Kind, Site, Status, SyncRun
from deployments.operations.hold import place_hold
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite
from tests.dashboard.test_deploy import make_deploy

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
    is_active = Hold.objects.filter(resumed_at=None).exists()
    late.post(where, {"password": PASSWORD, "next": f"/holds/{hold.pk}/resume"})

    assert where.startswith("/account/check/password?next=")
    assert is_active
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


def test_who_has_neither_password_nor_passkey_logs_in_again_and_is_led_to_the_same_dialog(
    deployer: Client, make_site: MakeSite, synced: SyncRun
) -> None:
    make_site(check_state="failure")
    User.objects.update(password="!")
    deployer.force_login(User.objects.get())
    session = deployer.session
    session[CHECKED_AT] = 0
    session.save()

    assert (
        tap(deployer, HEAD, accept_red="on")
        == f"/login/?next={quote(f'/sites/{HOST}/deploy?sha={HEAD}&unsent=1')}"
    )
    assert "_auth_user_id" not in deployer.session


@pytest.fixture
def stopped(person: User, site: Site) -> Hold:
    """A stop of everything, by the very person who now taps."""
    older = {
        "sha": OLD,
        "image": f"{site.expected_repository}:{OLD}",
        "from_sha": "",
        "status": Status.SUCCEEDED,
    }
    now = timezone.now()
    make_deploy(site, finished_at=now, patched_at=now, **older)
    ran = {"sha": RUNNING, "image": f"{site.expected_repository}:{RUNNING}", "from_sha": OLD}
    make_deploy(site, status=Status.SUCCEEDED, finished_at=now, patched_at=now, **ran)
    return place_hold(site=None, reason="Incident", by=person, now=now)


def rolling(site: Site) -> Deploy:
    return make_deploy(
        site, status=Status.ROLLING_OUT, patched_at=timezone.now(), image=f"{site.expected_repository}:{HEAD}"
    )


WAYS_BACK = {
    "rollback": (f"/sites/{HOST}/rollback", {"sha": OLD, "seen": RUNNING}),
    "restart": (f"/sites/{HOST}/restart", {"seen": RUNNING}),
}


@pytest.mark.parametrize("way", WAYS_BACK)
def test_a_way_back_past_a_hold_needs_one(late: Client, stopped: Hold, way: str) -> None:
    url, form = WAYS_BACK[way]

    where = late.post(url, form)["Location"]
    before = Deploy.objects.count()
    late.post(where, {"password": PASSWORD, "next": url})

    assert where.startswith("/account/check/password?next=")
    assert (before, Deploy.objects.count()) == (2, 3)
    assert Hold.objects.standing(now=timezone.now()).filter(site=None).exists()


def test_aborting_past_a_hold_needs_one(late: Client, stopped: Hold, site: Site) -> None:
    deploy = rolling(site)

    where = late.post(f"/deploys/{deploy.pk}/abort")["Location"]

    deploy.refresh_from_db()
    assert where.startswith("/account/check/password?next=")
    assert deploy.status == Status.ROLLING_OUT


def test_retrying_a_rollback_past_a_hold_needs_one(late: Client, stopped: Hold, site: Site) -> None:
    failed = make_deploy(
        site,
        sha=OLD,
        kind=Kind.ROLLBACK,
        status=Status.FAILED,
        finished_at=timezone.now(),
        patched_at=timezone.now(),
    )

    where = late.post(f"/deploys/{failed.pk}/retry", {"seen": RUNNING})["Location"]

    assert where.startswith("/account/check/password?next=")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (
            f"/sites/{HOST}/rollback?sha={OLD}",
            "All deploys are paused (by eve): Incident. It stops only newer commits, not a rollback.",
        ),
        (
            f"/sites/{HOST}/restart",
            "All deploys are paused (by eve): Incident. It stops only newer commits, not a restart.",
        ),
    ],
)
def test_the_question_names_the_hold_and_offers_the_way_back(
    deployer: Client, stopped: Hold, url: str, says: str
) -> None:
    text = deployer.get(url).text

    assert says in text
    assert 'class="act risk"' in text


def test_the_question_before_an_abort_names_the_hold(deployer: Client, stopped: Hold, site: Site) -> None:
    text = deployer.get(f"/deploys/{rolling(site).pk}/abort").text

    assert "All deploys are paused (by eve): Incident. It stops only newer commits, not a rollback." in text
    assert "Abort and roll back</button>" in text


def test_the_question_before_a_rollback_to_a_held_commit_offers_to_resume_alone(
    deployer: Client, stopped: Hold, site: Site, person: User
) -> None:
    place_hold(site=site, sha=OLD, reason="It leaks", by=person, now=timezone.now())

    text = deployer.get(f"/sites/{HOST}/rollback?sha={OLD}").text

    assert f"Commit {OLD[:7]} is on hold (by eve): It leaks. Resume it first." in text
    assert 'class="act risk"' not in text
