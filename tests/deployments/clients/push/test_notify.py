"""Who is notified of what, and what a failure to notify changes: nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django_q.models import OrmQ

from deployments.clients.deadline import within
from deployments.clients.push import Browser, Sender, fresh_key_pair
from deployments.models import Deploy, NotificationPreference, PushSubscription, Site, Status
from deployments.operations.deploys.finish import Ending, finish
from deployments.operations.notify import notify_deploy_ended, notify_site_waits
from simulators.push import DemoPush
from tests.factories import NOW
from tests.stubborn import stubborn

pytestmark = pytest.mark.django_db


def queued() -> int:
    """How many tasks notify of an end."""
    return [task.func() for task in OrmQ.objects.all()].count("deployments.tasks.notify_deploy_ended")


def test_an_end_queues_one_task_that_notifies(phone: PushSubscription, deploy: Deploy) -> None:
    finish(deploy, Ending.SUCCEEDED, "", now=NOW)

    assert queued() == 1


def test_a_second_end_that_comes_too_late_queues_nothing(phone: PushSubscription, deploy: Deploy) -> None:
    finish(deploy, Ending.SUCCEEDED, "", now=NOW)

    assert not finish(deploy, Ending.FAILED, "", now=NOW)
    assert queued() == 1


def test_intermediate_steps_do_not_notify(phone: PushSubscription, deploy: Deploy) -> None:
    deploy.move(Status.ROLLING_OUT, now=NOW)

    assert queued() == 0


def test_nothing_is_queued_where_nobody_listens(deploy: Deploy) -> None:
    finish(deploy, Ending.SUCCEEDED, "", now=NOW)

    assert queued() == 0


def test_who_asked_hears_how_it_went(
    phone: PushSubscription, deploy: Deploy, push: DemoPush, sender: Sender
) -> None:
    deploy.move(Status.SUCCEEDED, now=NOW, message="2 pods ready and stable.")

    stated = notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW)

    (message,) = push.messages
    assert stated == 1
    assert message["title"] == "cron.example.com: deployed"
    assert message["body"] == "bbbbbbb Fix cron\n2 pods ready and stable."
    assert message["url"] == f"/deploys/{deploy.pk}/"
    assert [each["url"] for each in message["actions"]] == [
        f"/deploys/{deploy.pk}/",
        "/sites/cron.example.com/",
    ]


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.SUPERSEDED])
def test_an_end_that_is_neither_good_nor_bad_does_not_notify(
    phone: PushSubscription, deploy: Deploy, push: DemoPush, sender: Sender, status: Status
) -> None:
    deploy.move(status, now=NOW)

    assert notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW) == 0


@pytest.mark.parametrize(
    ("preference", "is_starred", "is_stated"),
    [
        ({}, False, False),
        ({"scope": "starred"}, False, False),
        ({"scope": "starred"}, True, True),
        ({"scope": "mine"}, True, False),
        ({"scope": "all"}, False, True),
        ({"scope": "all", "failed": False}, False, False),
    ],
)
def test_a_failed_deploy_of_someone_else_notifies_by_preference(
    phone: PushSubscription,
    deploy: Deploy,
    sender: Sender,
    preference: dict[str, object],
    *,
    is_starred: bool,
    is_stated: bool,
) -> None:
    Deploy.objects.update(requested_by=None, status=Status.FAILED, finished_at=NOW)
    wanted = NotificationPreference.objects.create(user=phone.user, **preference)
    wanted.starred.set([deploy.site] if is_starred else [])

    assert notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW) == is_stated


def test_a_site_that_waits_leads_to_what_ships(
    phone: PushSubscription, site: Site, push: DemoPush, sender: Sender
) -> None:
    NotificationPreference.objects.create(user=phone.user, scope="all")

    notify_site_waits(site_id=site.pk, message="1 commit behind.", sender=sender, now=NOW)

    (message,) = push.messages
    assert (message["title"], message["body"]) == ("cron.example.com needs attention", "1 commit behind.")
    assert message["actions"][0]["url"] == "/sites/cron.example.com/deploy"


def test_a_browser_that_is_gone_is_forgotten(
    phone: PushSubscription, deploy: Deploy, push: DemoPush, sender: Sender
) -> None:
    push.status = 410
    deploy.move(Status.SUCCEEDED, now=NOW)

    notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW)

    assert not PushSubscription.objects.exists()


def test_a_failure_to_tell_changes_nothing_of_the_deploy_and_is_counted(
    phone: PushSubscription, deploy: Deploy, push: DemoPush, sender: Sender
) -> None:
    push.status = 500
    deploy.move(Status.SUCCEEDED, now=NOW)

    assert notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW) == 0

    deploy.refresh_from_db()
    phone.refresh_from_db()
    assert (deploy.status, phone.failures) == (Status.SUCCEEDED, 1)
    assert len(push.bodies) == 1


def test_one_browser_that_fails_does_not_keep_it_from_the_next(
    phone: PushSubscription, deploy: Deploy, push: DemoPush, sender: Sender
) -> None:
    PushSubscription.objects.create(
        user=phone.user, endpoint="https://127.0.0.1:1/", p256dh=push.p256dh, auth=push.auth, created_at=NOW
    )
    deploy.move(Status.SUCCEEDED, now=NOW)

    assert notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW) == 1


@pytest.fixture
def silent(push: DemoPush, person: User) -> Iterator[PushSubscription]:
    """An endpoint that takes connections and says nothing."""
    with stubborn("says nothing") as server:
        yield PushSubscription.objects.create(
            user=person,
            endpoint=f"https://{server.host}/1",
            p256dh=push.p256dh,
            auth=push.auth,
            created_at=NOW,
        )


def impatient(push: DemoPush, *, timeout_seconds: float = 0.1) -> Sender:
    return Sender(
        private_key=fresh_key_pair().private,
        subject="mailto:a@example.com",
        also={"127.0.0.1"},
        ca_file=push.ca_file,
        timeout_seconds=timeout_seconds,
    )


def test_a_browser_whose_service_times_out_three_times_is_forgotten(
    silent: PushSubscription, deploy: Deploy, push: DemoPush
) -> None:
    deploy.move(Status.SUCCEEDED, now=NOW)

    with impatient(push) as sender:
        for _ in range(2):
            notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW)
        silent.refresh_from_db()
        notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW)

    assert silent.timeouts == 2
    assert not PushSubscription.objects.exists()


def test_a_success_forgives_what_timed_out_before(
    phone: PushSubscription, deploy: Deploy, sender: Sender
) -> None:
    PushSubscription.objects.update(timeouts=2)
    deploy.move(Status.SUCCEEDED, now=NOW)

    notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW)

    phone.refresh_from_db()
    assert phone.timeouts == 0


class Notes(Sender):
    """Keeps the order in which browsers had their turn."""

    def send(self, browser: Browser, message: Mapping[str, Any], *, topic: str = "") -> None:
        self.__dict__.setdefault("endpoints", []).append(browser.endpoint)
        super().send(browser, message, topic=topic)


def test_who_timed_out_before_comes_last(
    silent: PushSubscription, phone: PushSubscription, deploy: Deploy, push: DemoPush
) -> None:
    PushSubscription.objects.filter(pk=silent.pk).update(timeouts=1)
    PushSubscription.objects.filter(pk=phone.pk).update(timeouts=0)
    deploy.move(Status.SUCCEEDED, now=NOW)

    with Notes(
        private_key=fresh_key_pair().private,
        subject="mailto:a@example.com",
        also={"127.0.0.1"},
        ca_file=push.ca_file,
        timeout_seconds=0.5,
    ) as sender:
        notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW)

    assert sender.endpoints == [phone.endpoint, silent.endpoint]


def test_services_that_say_nothing_share_one_deadline(
    silent: PushSubscription, deploy: Deploy, push: DemoPush
) -> None:
    for number in range(2, 4):
        PushSubscription.objects.create(
            user=silent.user,
            endpoint=f"{silent.endpoint}{number}",
            p256dh=push.p256dh,
            auth=push.auth,
            created_at=NOW,
        )
    deploy.move(Status.SUCCEEDED, now=NOW)

    with impatient(push, timeout_seconds=0.3) as sender, within(0.5):
        notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW)

    assert PushSubscription.objects.filter(timeouts__gt=0).count() <= 1


class LosesItsListener(Sender):
    """Someone switches notifications off while the push service takes its time."""

    def send(self, browser: Browser, message: Mapping[str, Any], *, topic: str = "") -> None:
        PushSubscription.objects.filter(endpoint=browser.endpoint).delete()
        super().send(browser, message, topic=topic)


@pytest.mark.parametrize("status", [201, 500])
def test_a_browser_forgotten_meanwhile_keeps_no_other_from_hearing(
    phone: PushSubscription, deploy: Deploy, push: DemoPush, status: int
) -> None:
    PushSubscription.objects.create(
        user=phone.user, endpoint=f"{push.url}/2", p256dh=push.p256dh, auth=push.auth, created_at=NOW
    )
    push.status = status
    deploy.move(Status.SUCCEEDED, now=NOW)

    with LosesItsListener(
        private_key=fresh_key_pair().private,
        subject="mailto:a@example.com",
        also={"127.0.0.1"},
        ca_file=push.ca_file,
    ) as sender:
        notify_deploy_ended(deploy_id=deploy.pk, sender=sender, now=NOW)

    assert len(push.bodies) == 2
