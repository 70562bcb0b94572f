"""Whatever someone sends to whichever address: an answer in words, never an error of ours."""

from itertools import product

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from deployments.models import Deploy, Hold, Site, Trigger
from deployments.operations.deploys.request import request_deploy
from deployments.operations.hold import place_hold
from tests.dashboard.conftest import HEAD, HOST, RUNNING
from tests.dashboard.test_every_address import ROUTES, address_of

pytestmark = pytest.mark.slow

FIELDS = [
    *("q", "state", "page", "sha", "seen", "key", "reason", "ends", "at", "zone", "next", "item", "follow"),
    *(
        "who",
        "kind",
        "site",
        "accept_foreign_image",
        "subscription",
        "endpoint",
        "password",
        "code",
        "p",
        "o",
        "e",
    ),
]
VALUES = [
    "\x00",
    "9" * 400,
    "-1",
    "%s' OR 1=1 --",
    "<script>alert(1)</script>",
    "🚀\u202e" * 130,
    "0001-01-01T00:00",
    "//evil.example.com",
    f"{HOST} {HEAD} {RUNNING}",
]
LEAVES = {"/logout/", "/admin/logout/"}


@pytest.fixture
def everything(site: Site, client: Client) -> Client:
    """A site, a Deploy and a Hold, and the one who may do anything."""
    root = User.objects.create_superuser("root", password="x")
    now = timezone.now()
    request_deploy(site=site, sha=HEAD, seen_sha=RUNNING, requested_by=root, trigger=Trigger.PERSON, now=now)
    place_hold(site=site, reason="Why not", by=root, now=now)
    client.force_login(root)
    return client


def address(route: str) -> str:
    path = address_of(route).replace("a.example.com", HOST)
    for name, key in (("deploys", Deploy.objects.get().pk), ("holds", Hold.objects.get().pk)):
        path = path.replace(f"/{name}/1/", f"/{name}/{key}/")
    return path


@pytest.mark.parametrize(
    "value",
    VALUES,
    ids=range(len(VALUES)),
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_garbage_in_every_field_of_every_address(everything: Client, method: str, value: str) -> None:
    everything.raise_request_exception = False
    garbage = dict.fromkeys(FIELDS, value)

    addresses = {route: address(route) for route in ROUTES}

    answers = {
        route: getattr(everything, method)(path, garbage).status_code
        for route, path in addresses.items()
        if path not in LEAVES
    }

    assert {route: status for route, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize(
    "name",
    ["tz", "sessionid", "csrftoken", "messages"],
)
def test_garbage_in_every_cookie(everything: Client, name: str) -> None:
    everything.raise_request_exception = False

    statuses = []
    for path, value in product(["/", f"/sites/{HOST}/", "/activity/"], VALUES):
        everything.cookies[name] = value.encode("ascii", "ignore").decode().replace("\x00", "")
        statuses.append(everything.get(path).status_code)

    assert max(statuses) < 500


@pytest.mark.parametrize(
    "path", ["/deploys/99999999999999999999999/", "/holds/99999999999999999999999/resume", "/syncs/0/"]
)
def test_numbers_that_no_row_can_have(everything: Client, path: str) -> None:
    assert {everything.get(path).status_code, everything.post(path).status_code} <= {404, 405}
