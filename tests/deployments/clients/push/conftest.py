"""A push service on loopback, and a sender that may reach it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.clients.push import Browser, Sender, fresh_key_pair
from simulators.push import DemoPush, demo_push


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
