"""A push service on loopback, and a sender that may reach it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from deployments.clients.push import Browser, Sender, fresh_key_pair
from deployments.models import Deploy, PushSubscription, Site, Status
from simulators.push import DemoPush, demo_push
from tests.factories import NOW, create_site, make_user


@pytest.fixture
def push(tmp_path: Path) -> Iterator[DemoPush]:
    with demo_push(tmp_path) as push:
        yield push


@pytest.fixture
def sender(push: DemoPush) -> Iterator[Sender]:
    key = fresh_key_pair().private
    with Sender(
        private_key=key, subject="mailto:a@example.com", also={"127.0.0.1"}, ca_file=push.ca_file
    ) as sender:
        yield sender


@pytest.fixture
def browser(push: DemoPush) -> Browser:
    return Browser(endpoint=push.url, p256dh=push.p256dh, auth=push.auth)


@pytest.fixture
def person() -> User:
    return make_user("eve")


@pytest.fixture
def phone(push: DemoPush, person: User) -> PushSubscription:
    return PushSubscription.objects.create(
        user=person, endpoint=push.url, p256dh=push.p256dh, auth=push.auth, created_at=NOW
    )


@pytest.fixture
def site() -> Site:
    return create_site(
        host="cron.example.com", owner="icco", repository="cron", deployment="cron", container="cron"
    )


@pytest.fixture
def deploy(site: Site, person: User) -> Deploy:
    return Deploy.objects.create(
        site=site,
        sha="b" * 40,
        headline="Fix cron",
        image="i",
        status=Status.VERIFYING,
        trigger="person",
        requested_by=person,
        requested_by_name="eve",
        requested_at=NOW,
    )
