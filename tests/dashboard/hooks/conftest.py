"""An issuer whose keys a worker has fetched, and doors that nobody was sent away from."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from dashboard.hooks.doors import limits
from deployments.operations.hooks.signing_keys import fetch_signing_keys
from simulators.identity import Issuer
from tests.roles import WORKER, acting_as


@pytest.fixture(autouse=True)
def _nobody_was_refused() -> Iterator[None]:
    limits.forget()
    yield
    limits.forget()


@pytest.fixture
def issuer(db: None) -> Iterator[Issuer]:
    server = Issuer().start()
    with acting_as(WORKER):
        fetch_signing_keys(issuers=[server.url], now=timezone.now())
    yield server
    server.stop()
