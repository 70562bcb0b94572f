"""What is no browser's fault costs no browser anything, and one browser's trouble is that one's alone."""

from collections.abc import Mapping
from typing import Any

import pytest

from deployments.clients.push import Browser, Sender, fresh_key_pair
from deployments.models import Deploy, PushSubscription, Status
from deployments.operations.notify import notify_deploy_ended
from simulators.push import DemoPush
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        ({"status": 400}, "400 Bad Request"),
        ({"status": 403}, "403 Forbidden"),
        ({"status": 429}, "429 Too Many Requests"),
        ({"subject": "mailto:a@localhost"}, '403 Forbidden: {"reason": "BadJwtToken"}'),
        (
            {"subject": "nobody"},
            "VAPID_SUBJECT is “nobody”, which cannot be signed. Set it to mailto:you@example.com.",
        ),
    ],
)
def test_our_own_fault_costs_no_browser_its_subscription(
    phone: PushSubscription, deploy: Deploy, push: DemoPush, fault: dict[str, Any], refusal: str
) -> None:
    push.status, subject = fault.get("status", 201), fault.get("subject", "mailto:a@example.com")
    PushSubscription.objects.update(failures=19)
    deploy.move(Status.SUCCEEDED, now=NOW)

    with Sender(
        private_key=fresh_key_pair().private, subject=subject, also={"127.0.0.1"}, ca_file=push.ca_file
    ) as sender:
        assert notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW) == 0

    phone.refresh_from_db()
    assert (phone.failures, phone.last_refusal, phone.last_refused_at) == (19, refusal, NOW)


def test_keys_that_no_browser_could_have_do_not_end_the_others_turn(
    phone: PushSubscription, deploy: Deploy, push: DemoPush, sender: Sender
) -> None:
    for number, (p256dh, auth) in enumerate([("B" + "A" * 86, push.auth), ("", "")]):
        PushSubscription.objects.create(
            user=phone.user, endpoint=f"{push.url}/{number}", p256dh=p256dh, auth=auth, created_at=NOW
        )
    deploy.move(Status.SUCCEEDED, now=NOW)

    assert notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW) == 1


class Stumbles(Sender):
    """Raises at its first browser what no push service is known to bring about."""

    def send(self, browser: Browser, message: Mapping[str, Any], *, topic: str = "") -> None:
        if browser.endpoint.endswith("/first"):
            raise ZeroDivisionError
        super().send(browser, message, topic=topic)


def test_an_error_that_nobody_foresaw_does_not_end_the_others_turn(
    phone: PushSubscription, deploy: Deploy, push: DemoPush
) -> None:
    PushSubscription.objects.create(
        user=phone.user, endpoint=f"{push.url}/first", p256dh=push.p256dh, auth=push.auth, created_at=NOW
    )
    PushSubscription.objects.filter(pk=phone.pk).update(failures=1)
    deploy.move(Status.SUCCEEDED, now=NOW)

    with Stumbles(
        private_key=fresh_key_pair().private,
        subject="mailto:a@example.com",
        also={"127.0.0.1"},
        ca_file=push.ca_file,
    ) as sender:
        assert notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW) == 1

    assert PushSubscription.objects.count() == 2
