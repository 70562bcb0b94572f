"""Writing rows runs no code in web: no page, and nothing that a page reads, unpickles what a table holds."""

from contextlib import suppress

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from deployments.models import Site, Trigger
from deployments.operations.deploys.request import request_deploy
from tests.bombs import Bombs, bombs, fill_every_table
from tests.dashboard.conftest import HEAD, RUNNING
from tests.dashboard.test_every_address import ROUTES, address_of

READ_BY_WEB = {
    ("django_session", "session_data"),
    ("headway_cache", "value"),
    ("django_q_task", "args"),
    ("django_q_task", "kwargs"),
    ("django_q_task", "result"),
    ("django_q_task", "hook"),
    ("django_q_ormq", "payload"),
    ("django_q_schedule", "args"),
    ("django_q_schedule", "kwargs"),
    ("django_q_schedule", "hook"),
    ("mfa_authenticator", "data"),
    ("deployments_auditevent", "sentence"),
}


@pytest.fixture
def filled(site: Site) -> None:
    root = User.objects.create_superuser("root", password="x")
    request_deploy(
        site=site, sha=HEAD, seen_sha=RUNNING, requested_by=root, trigger=Trigger.PERSON, now=timezone.now()
    )
    Client().force_login(root)
    Client().post("/login/", {"login": "root", "password": "wrong"})
    fill_every_table()


def read_all_rows() -> None:
    """As models do, whatever page shows them."""
    for model in apps.get_models():
        for row in model._base_manager.all():
            for field in model._meta.concrete_fields:
                getattr(row, field.attname)
            with suppress(Exception):
                str(row)


@pytest.mark.parametrize(
    "encoding",
    [
        "a session",
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in ("base64", "a queue entry", "bare", "Python", "a function's name")
        ),
    ],
)
@pytest.mark.usefixtures("filled")
def test_no_page_and_no_model_runs_what_a_table_holds(encoding: str) -> None:
    with bombs() as laid:
        before = logged_in()
        planted = laid.plant(laid.encoded()[encoding])
        assert planted >= READ_BY_WEB

        read_all_rows()
        cache.get("probe")
        before.get("/")
        visit_all(logged_in(), laid)

        assert not laid.went_off


def logged_in() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser(f"fresh-{User.objects.count()}"))
    return client


def visit_all(client: Client, laid: Bombs) -> None:
    for route in ROUTES:
        client.get(address_of(route))
        assert not laid.went_off, route
    client.post("/login/", {"login": "root", "password": "wrong"})
