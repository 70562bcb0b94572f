"""Switching notifications on, and saying of what."""

from base64 import urlsafe_b64encode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from deployments.models import NotificationPreference, PushSubscription, Site

URL = "/me/notifications/"
POINT = urlsafe_b64encode(b"\4" + b"p" * 64).decode().rstrip("=")
SECRET = urlsafe_b64encode(b"s" * 16).decode().rstrip("=")
BROWSER = {"endpoint": "https://push.example.com/1", "p256dh": POINT, "auth": SECRET}


def test_a_browser_is_remembered_once_however_often_it_says_so(deployer: Client, person: User) -> None:
    first = deployer.post(f"{URL}subscribe", BROWSER)
    deployer.post(f"{URL}subscribe", BROWSER)

    assert first.status_code == 204
    assert PushSubscription.objects.get().user == person


def test_a_browser_belongs_to_who_used_it_last(deployer: Client, viewer: Client) -> None:
    deployer.post(f"{URL}subscribe", BROWSER)

    viewer.post(f"{URL}subscribe", BROWSER)

    assert PushSubscription.objects.get().user.username == "vic"


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://push.example.com/1"},
        {"endpoint": "file:///etc/passwd"},
        {"endpoint": ""},
        {"p256dh": "AAAA"},
        {"auth": "!"},
    ],
)
def test_what_is_no_subscription_is_refused(deployer: Client, wrong: dict[str, str]) -> None:
    answer = deployer.post(f"{URL}subscribe", BROWSER | wrong)

    assert answer.status_code == 400
    assert not PushSubscription.objects.exists()


def test_a_browser_learns_whether_it_is_notified(deployer: Client, viewer: Client) -> None:
    before = deployer.post(f"{URL}is-subscribed", BROWSER)
    deployer.post(f"{URL}subscribe", BROWSER)

    after, anothers = (
        deployer.post(f"{URL}is-subscribed", BROWSER),
        viewer.post(f"{URL}is-subscribed", BROWSER),
    )

    assert (before.status_code, after.status_code, anothers.status_code) == (404, 204, 404)


def test_nobody_switches_off_another_persons_browser(deployer: Client, viewer: Client) -> None:
    deployer.post(f"{URL}subscribe", BROWSER)

    viewer.post(f"{URL}unsubscribe", BROWSER)
    assert PushSubscription.objects.exists()

    deployer.post(f"{URL}unsubscribe", BROWSER)
    assert not PushSubscription.objects.exists()


def test_preferences_are_kept(deployer: Client, person: User, site: Site) -> None:
    deployer.post(URL, {"scope": "starred", "failed": "on", "starred": [site.pk]})

    preference = NotificationPreference.objects.get(user=person)
    assert (preference.scope, preference.succeeded, preference.failed) == ("starred", False, True)
    assert list(preference.starred.all()) == [site]


def test_the_page_says_what_is_missing_where_there_are_no_keys(deployer: Client) -> None:
    assert "docs/operate.md" in deployer.get(URL).text


def test_the_page_carries_the_public_key_and_never_the_private_one(
    deployer: Client, settings: pytest.FixtureRequest
) -> None:
    settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY = "public-key", "private-key"

    page = deployer.get(URL).text

    assert 'data-key="public-key"' in page
    assert "private-key" not in page
