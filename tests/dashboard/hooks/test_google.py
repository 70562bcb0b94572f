"""Google's door: only for the account that pushes our messages, and whatever is junk is acknowledged."""

import base64
import json
import time
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django_q.models import OrmQ

from deployments.models import HookDelivery
from simulators.identity import Issuer
from tests.dashboard.conftest import HEAD, HOST

AUDIENCE = "https://headway.example.com/hooks/google"
ACCOUNT = "push@project.iam.gserviceaccount.com"
IMAGE = {
    "action": "INSERT",
    "tag": f"gcr.io/icco-cloud/cron:{HEAD}",
    "digest": "gcr.io/icco-cloud/cron@sha256:aa",
}
pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture(autouse=True)
def _open(settings: LazySettings, issuer: Issuer) -> None:
    settings.GOOGLE_ISSUER = issuer.url
    settings.PUBSUB_PUSH_ACCOUNT, settings.PUBSUB_PUSH_AUDIENCE = ACCOUNT, AUDIENCE


def claims(**changes: Any) -> dict[str, Any]:
    return {"aud": AUDIENCE, "email": ACCOUNT, "email_verified": True, "sub": "1"} | changes


def envelope(data: object, number: str = "1") -> dict[str, Any]:
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    return {"message": {"data": encoded, "messageId": number}, "subscription": "projects/p/subscriptions/s"}


def post(client: Client, token: str, body: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(
        "/hooks/google", data, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )


@pytest.mark.parametrize("body", [envelope(IMAGE), IMAGE], ids=["wrapped", "unwrapped"])
def test_a_pushed_image_has_its_site_checked(client: Client, issuer: Issuer, body: Any) -> None:
    answer = post(client, issuer.token(**claims()), body)

    assert (answer.status_code, answer.json()["sites"]) == (202, [HOST])
    assert OrmQ.objects.count() == 1


def test_a_schedule_has_all_sites_checked(client: Client, issuer: Issuer) -> None:
    answer = post(client, issuer.token(**claims()), envelope({"job": "sync"}))

    assert answer.json()["message"] == "All sites are checked."
    assert HookDelivery.objects.get().everything


def test_one_token_may_bring_many_messages_and_each_of_them_counts_once(
    client: Client, issuer: Issuer
) -> None:
    token = issuer.token(**claims())

    answers = [post(client, token, envelope(IMAGE, number)) for number in ("1", "2", "1")]

    assert [each.status_code for each in answers] == [202] * 3
    assert "received before" in answers[2].json()["message"]
    assert HookDelivery.objects.count() == 2


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', {"message": 7}, envelope("junk"), {"message": {"data": "%"}}]
)
def test_junk_is_acknowledged_so_that_it_does_not_come_for_a_week(
    client: Client, issuer: Issuer, body: Any
) -> None:
    answer = post(client, issuer.token(**claims()), body)

    assert (answer.status_code, OrmQ.objects.exists()) == (202, False)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"email": "evil@other.iam.gserviceaccount.com"}, 403),
        ({"email": None}, 403),
        ({"email_verified": False}, 403),
        ({"email_verified": "true"}, 403),
        ({"aud": "https://other.example.com"}, 401),
        ({"aud": None}, 401),
        ({"exp": int(time.time()) - 600}, 401),
        ({"iss": "https://accounts.evil.com"}, 401),
    ],
)
def test_a_signature_of_google_s_alone_is_anyone_s(
    client: Client, issuer: Issuer, caplog: pytest.LogCaptureFixture, changes: dict[str, Any], status: int
) -> None:
    caplog.set_level("INFO")

    answer = post(client, issuer.token(**claims(**changes)), envelope(IMAGE))

    assert answer.status_code == status
    assert len([each for each in caplog.records if "/hooks/google" in each.message]) == 1
    assert not OrmQ.objects.exists()
    assert not HookDelivery.objects.exists()


def test_a_token_of_actions_is_none_of_google_s(
    client: Client, issuer: Issuer, settings: LazySettings
) -> None:
    settings.GOOGLE_ISSUER = "https://accounts.google.com"

    assert post(client, issuer.token(**claims()), envelope(IMAGE)).status_code == 401
