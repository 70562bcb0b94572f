"""Who did what, when, from where; and names outlive their users."""

import pytest
from allauth.mfa.totp.internal.auth import (
    SECRET_SESSION_KEY,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from dashboard.accounts.roles import Role, ensure_roles, give_role
from dashboard.addresses import address_of
from deployments.models import AuditEvent, Deploy, Examination, Hold, Site
from deployments.models.audit import UnableToRewriteHistory
from deployments.operations import audit
from tests.dashboard.conftest import HEAD, HOST, RUNNING
from tests.factories import workload_forms

Kind = AuditEvent.Kind


def newest() -> AuditEvent:
    event = AuditEvent.objects.first()
    assert event
    return event


def test_a_request_is_recorded_with_who_and_from_where(deployer: Client, site: Site, person: User) -> None:
    deployer.post(f"/sites/{HOST}/deploy", {"sha": HEAD, "seen": RUNNING}, REMOTE_ADDR="192.0.2.7")

    event = newest()
    assert (event.kind, event.actor, event.actor_name, event.address) == (
        Kind.DEPLOY,
        person,
        "eve",
        "192.0.2.7",
    )
    assert (event.site, event.host) == (site, HOST)
    assert event.message == f"Requested a deploy of {HEAD[:7]}."


def test_a_refusal_is_reported_with_its_reason(deployer: Client, site: Site) -> None:
    deployer.post(f"/sites/{HOST}/deploy", {"sha": HEAD, "seen": "c" * 40})

    assert newest().kind == Kind.REFUSAL
    assert "The deployed commit changed" in newest().message
    assert not Deploy.objects.exists()


def test_a_hold_and_its_end_are_reported(deployer: Client, site: Site) -> None:
    deployer.post(f"/sites/{HOST}/hold", {"reason": "Migration"})
    deployer.post(f"/holds/{Hold.objects.get().pk}/resume")

    message = list(AuditEvent.objects.exclude(kind=Kind.LOGIN).values_list("kind", "message"))
    assert message == [
        (Kind.RESUME, "Resumed this site, on hold by eve: Migration"),
        (Kind.HOLD, "Put this site on hold: Migration"),
    ]


@pytest.fixture
def ada(admin_client: Client) -> User:
    """Someone whose account an administrator changes."""
    ensure_roles()
    user = User.objects.create_user("ada", password="long enough 7")
    give_role(user, Role.VIEWER)
    return user


def accounts() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.filter(kind=Kind.ACCOUNT).values_list("actor_name", "message"))


def test_a_role_and_an_account_that_is_deactivated_are_reported(admin_client: Client, ada: User) -> None:
    page = f"/admin/auth/user/{ada.pk}/change/"
    admin_client.post(page, {"username": "ada", "role": "admin", "is_active": "on"})
    admin_client.post(page, {"username": "ada", "role": "admin"})

    assert accounts() == [
        ("admin", "Changed active of the account of ada (admin, inactive)."),
        ("admin", "Changed role of the account of ada (admin)."),
    ]


def test_an_account_that_is_created_given_a_password_reset_and_deleted_is_reported(
    admin_client: Client, ada: User
) -> None:
    words = {"password1": "another one 8", "password2": "another one 8", "usable_password": "true"}
    admin_client.post("/admin/auth/user/add/", {"username": "zoe", "role": "deployer", **words})
    admin_client.post(f"/admin/auth/user/{ada.pk}/password/", words)
    selected = {"_selected_action": [str(ada.pk)]}
    admin_client.post("/admin/auth/user/", {"action": "let_in_again", **selected})
    admin_client.post("/admin/auth/user/", {"action": "delete_selected", "post": "yes", **selected})
    admin_client.post(f"/admin/auth/user/{User.objects.get(username='zoe').pk}/delete/", {"post": "yes"})

    assert [message for _, message in reversed(accounts())] == [
        "Created the account of zoe (deployer).",
        "Changed password of the account of ada (viewer).",
        "Reset passkeys and recovery codes of ada (viewer), and ended the sessions.",
        "Deleted the account of ada (viewer).",
        "Deleted the account of zoe (deployer).",
    ]


def test_ones_own_ways_of_logging_in_are_reported(
    client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    user = User.objects.create_user("ada")
    client.force_login(user)
    new = {"password1": "long enough 7", "password2": "long enough 7"}
    client.post("/account/password/first", new)
    client.post(
        "/account/password",
        {"oldpassword": "long enough 7", "password1": "9 enough long", "password2": "9 enough long"},
    )
    client.get("/account/codes/on")
    secret = client.session[SECRET_SESSION_KEY]
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/account/codes/on", {"code": code})
    client.post("/account/codes/off")

    assert [message for _, message in reversed(accounts())] == [
        "Set a first password.",
        "Changed the password.",
        "Added an authenticator app.",
        "Added recovery codes.",
        "Removed an authenticator app.",
        "Removed recovery codes.",
    ]


def test_cancelling_is_reported(deployer: Client, site: Site) -> None:
    deployer.post(f"/sites/{HOST}/deploy", {"sha": HEAD, "seen": RUNNING})

    deployer.post(f"/deploys/{Deploy.objects.get().pk}/cancel")

    assert newest().kind == Kind.CANCEL


def test_a_sync_that_a_person_asks_for_is_reported(deployer: Client, site: Site) -> None:
    deployer.post("/sync")

    assert (newest().kind, newest().message) == (Kind.SYNC, "Requested a sync of every site.")


def test_logins_are_recorded_and_unknown_names_are_not_written_down(stranger: Client, db: None) -> None:
    User.objects.create_user("nat", password="right")

    stranger.post("/login/", {"login": "hunter2", "password": "x"}, REMOTE_ADDR="192.0.2.9")
    stranger.post("/login/", {"login": "nat", "password": "wrong"})
    stranger.post("/login/", {"login": "nat", "password": "right"})

    message = list(AuditEvent.objects.values_list("kind", "actor_name", "message"))
    assert message == [
        (Kind.LOGIN, "nat", "Logged in."),
        (Kind.LOGIN_FAILED, "someone", "A login as nat failed."),
        (Kind.LOGIN_FAILED, "someone", "A login failed: there is no such user."),
    ]


def test_a_changed_mapping_is_reported_in_words(admin_client: Client, site: Site) -> None:
    form = admin_client.get(f"/admin/deployments/site/{site.pk}/change/").context["adminform"].form
    values = {name: value for name, value in form.initial.items() if value is not None and value is not False}

    response = admin_client.post(
        f"/admin/deployments/site/{site.pk}/change/",
        values | workload_forms(site) | {"branch": "stable", "auto_deploy": "on"},
    )

    assert response.status_code == 302
    assert (newest().kind, newest().actor_name) == (Kind.MAPPING, "admin")
    assert newest().message == "Auto deploy: off → on; Branch: (default) → stable."


def test_a_deleted_mapping_leaves_its_host(admin_client: Client, site: Site) -> None:
    admin_client.post(f"/admin/deployments/site/{site.pk}/delete/", {"post": "yes"})

    assert not Site.objects.exists()
    assert (newest().site, newest().host) == (None, HOST)
    assert newest().message == f"Deleted the mapping of {HOST}: icco/cron to Deployment default/cron."


def test_a_bulk_action_is_reported_for_each_site(admin_client: Client, site: Site) -> None:
    admin_client.post(
        "/admin/deployments/site/", {"action": "turn_auto_deploy_on", "_selected_action": [site.pk]}
    )

    assert (newest().host, newest().message) == (HOST, "Turned auto-deploy on, together with 0 more.")


def test_a_name_stays_when_its_user_is_deleted(deployer: Client, site: Site, person: User) -> None:
    deployer.post("/sync")

    person.delete()

    assert (newest().actor, newest().actor_name) == (None, "eve")


def test_nothing_is_changed_or_deleted(db: None) -> None:
    audit.record(Kind.SYNC, "Asked.", now=timezone.now())

    with pytest.raises(UnableToRewriteHistory):
        newest().save()
    with pytest.raises(UnableToRewriteHistory):
        newest().delete()
    with pytest.raises(UnableToRewriteHistory):
        AuditEvent.objects.all().delete()
    with pytest.raises(UnableToRewriteHistory):
        AuditEvent.objects.update(message="Never asked.")


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (0, "203.0.113.1", "192.0.2.7"),
        (1, "198.51.100.66, 203.0.113.1", "203.0.113.1"),
        (2, "198.51.100.66, 203.0.113.1, 10.0.0.1", "203.0.113.1"),
        (2, "203.0.113.1", "192.0.2.7"),
        (1, "nonsense", "192.0.2.7"),
        (1, "203.0.113.1:50123", "203.0.113.1"),
        (1, "[2001:db8::7]:443", "2001:db8::7"),
        (1, "[2001:db8::7]", "2001:db8::7"),
        (1, "203.0.113.1:", "192.0.2.7"),
        (1, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_only_our_own_proxies_are_believed(
    rf: RequestFactory, settings: LazySettings, trusted: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = trusted

    request = rf.get("/", REMOTE_ADDR="192.0.2.7", headers={"X-Forwarded-For": forwarded})

    assert address_of(request) == address


def test_a_proxy_that_is_not_trusted_is_noted_once_and_not_by_every_request(
    stranger: Client, db: None
) -> None:
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    stranger.get("/login/", headers=forwarded)
    first = Examination.latest().untrusted_proxy_at

    stranger.get("/login/", headers=forwarded)

    assert first is not None
    assert Examination.latest().untrusted_proxy_at == first


@pytest.mark.parametrize(("trusted", "headers"), [(1, {"X-Forwarded-For": "192.0.2.1"}), (0, {})])
def test_a_proxy_that_is_trusted_and_none_at_all_are_not_noted(
    stranger: Client, settings: LazySettings, db: None, trusted: int, headers: dict[str, str]
) -> None:
    settings.TRUSTED_PROXIES = trusted

    stranger.get("/login/", headers=headers)

    assert Examination.latest().untrusted_proxy_at is None


def test_staff_reads_it_narrowed_and_page_by_page(admin_client: Client, site: Site) -> None:
    for number in range(60):
        audit.record(Kind.SYNC, f"Sync number {number}.", site=site, now=timezone.now())
    audit.record(Kind.HOLD, "Paused all deploys: moving.", now=timezone.now())

    first = admin_client.get("/audit/?kind=sync&q=cron").text

    assert "Sync number 59." in first
    assert "moving" not in first
    older = AuditEvent.objects.get(message="Sync number 10.").pk
    assert f'href="?kind=sync&amp;q=cron&amp;before={older}"' in first
    assert "Sync number 9." in admin_client.get(f"/audit/?kind=sync&q=cron&before={older}").text
    assert "/audit/" in admin_client.get("/activity/").text


def test_the_audit_is_for_staff(deployer: Client, stranger: Client) -> None:
    assert deployer.get("/audit/").status_code == 403
    assert stranger.get("/audit/").status_code == 302
    assert "/audit/" not in deployer.get("/activity/").text


def test_the_admin_only_shows_it(admin_client: Client, db: None) -> None:
    audit.record(Kind.SYNC, "Asked.", now=timezone.now())
    address = f"/admin/deployments/auditevent/{newest().pk}"

    assert admin_client.get("/admin/deployments/auditevent/").status_code == 200
    assert admin_client.post(f"{address}/change/", {"message": "Never"}).status_code == 403
    assert admin_client.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get("/admin/deployments/auditevent/add/").status_code == 403
