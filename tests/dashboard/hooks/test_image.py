"""The door of images: a token in the address, kept as its hash, shown once."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from deployments.models import AuditEvent, HookDelivery, HookToken
from deployments.operations.hooks.tokens import make_token
from tests.dashboard.conftest import HEAD, HOST

PUSHED = {"image": f"gcr.io/icco-cloud/cron:{HEAD}"}
pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def token(person: User) -> str:
    return make_token(name="Docker Hub", by=person, now=timezone.now())


def post(client: Client, token: str, body: Any = PUSHED, kind: str = "application/json") -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(f"/hooks/image/{token}", data, content_type=kind)


def test_a_pushed_image_has_its_site_checked(client: Client, token: str) -> None:
    answer = post(client, token)

    assert (answer.status_code, answer.json()["sites"]) == (202, [HOST])
    assert HookDelivery.objects.get().token == HookToken.objects.get()


def test_a_registry_s_own_content_type_and_plain_text_are_read(client: Client, token: str) -> None:
    event = {"action": "push", "target": {"repository": "icco-cloud/cron", "tag": HEAD}}

    registry = post(client, token, {"events": [event]}, "application/vnd.docker.distribution.events.v2+json")
    text = post(client, token, PUSHED["image"].encode(), "text/plain")

    assert [each.json()["sites"] for each in (registry, text)] == [[HOST]] * 2


def test_what_names_no_image_reads_what_is_expected(client: Client, token: str) -> None:
    answer = post(client, token, {"hello": "world"})

    assert answer.status_code == 400
    assert "names no image" in answer.json()["message"]


@pytest.mark.parametrize("wrong", ["x", "none", "a" * 500, "%00", "é"])
def test_another_token_is_refused_for_one_query(
    client: Client, token: str, wrong: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(1):
        answer = post(client, wrong)

    assert answer.status_code in {400, 401}
    assert not OrmQ.objects.exists()


def test_a_revoked_token_is_refused(client: Client, token: str, admin: Client) -> None:
    admin.post(f"/hooks/tokens/{HookToken.objects.get().pk}/revoke")

    assert post(client, token).status_code == 401
    assert not OrmQ.objects.exists()


def test_no_log_line_has_the_token(client: Client, token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    post(client, token)
    post(client, token, b"{")
    client.get(f"/hooks/image/{token}")

    assert [each.getMessage() for each in caplog.records if "/hooks/image" in each.getMessage()]
    assert token not in caplog.text


def test_it_is_shown_once_and_only_its_hash_is_kept(admin: Client, client: Client) -> None:
    made = admin.post("/hooks/tokens", {"name": "Harbor"})
    address = made.text.partition("/hooks/image/")[2].partition("<")[0].partition("&")[0]

    assert made.headers["Cache-Control"] == "no-store"
    assert address not in admin.get("/hooks/set-up").text
    assert post(client, address).status_code == 202
    row = HookToken.objects.get()
    assert (row.name, address in row.hashed) == ("Harbor", False)
    assert AuditEvent.objects.filter(kind="hook", actor_name="root").count() == 1


def test_a_token_without_a_name_is_not_made(admin: Client) -> None:
    assert admin.post("/hooks/tokens", {"name": " "}).status_code == 302
    assert not HookToken.objects.exists()
