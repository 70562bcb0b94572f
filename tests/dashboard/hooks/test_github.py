"""GitHub's door: what is signed is let in once, and queues the sync of the sites that it concerns."""

import json
from urllib.parse import urlencode

import pytest
from django.conf import LazySettings
from django.test import Client
from django_q.models import OrmQ

from deployments.models import HookDelivery, HookRefusal, Observation, Site
from tests.dashboard.conftest import HEAD, HOST, MakeSite
from tests.github_hooks import SECRET, deliver, push, signature

OTHER = "another-secret-of-theirs"


@pytest.fixture(autouse=True)
def _open(settings: LazySettings) -> None:
    settings.GITHUB_HOOK_SECRETS = [SECRET]


def queued() -> list[str]:
    return [entry.task["func"].rpartition(".")[2] for entry in OrmQ.objects.order_by("id")]


def test_a_push_says_which_site_is_checked_and_has_a_worker_queue_its_sync(
    client: Client, site: Site
) -> None:
    answer = deliver(client, "push", push())

    assert (answer.status_code, answer.json()) == (202, {"message": f"{HOST} is checked.", "sites": [HOST]})
    assert queued() == ["queue_hook_syncs"]
    row = HookDelivery.objects.get()
    assert (row.names, row.state, row.sha, row.before) == ([HOST], "waiting", HEAD, "a" * 40)


def test_nothing_is_written_into_a_site_from_what_it_says(client: Client, site: Site) -> None:
    before = list(Observation.objects.values()), list(Site.objects.values())

    deliver(client, "push", push(after="c" * 40))
    deliver(client, "repository", {"action": "deleted", "repository": {"full_name": "icco/cron"}})

    assert (list(Observation.objects.values()), list(Site.objects.values())) == before


def test_a_second_delivery_of_one_id_is_answered_and_does_nothing(client: Client, site: Site) -> None:
    deliver(client, "push", push(), delivery="one")
    OrmQ.objects.all().delete()
    HookDelivery.objects.update(state="queued")

    answer = deliver(client, "push", push(after="d" * 40), delivery="one")

    assert (answer.status_code, answer.json()["sites"]) == (202, [HOST])
    assert answer.json()["message"].startswith("This was received before.")
    assert queued() == []


def test_a_captured_body_under_another_id_is_refused(client: Client, site: Site) -> None:
    deliver(client, "push", push(), delivery="one")
    OrmQ.objects.all().delete()
    HookDelivery.objects.update(state="queued")

    answer = deliver(client, "push", push(), delivery="two")

    assert answer.status_code == 403
    assert (queued(), HookDelivery.objects.count()) == ([], 1)


@pytest.mark.parametrize("given", ["", "sha256=", "sha1=00", signature(b"{}", OTHER), "sha256=é"])
def test_a_wrong_signature_is_refused_and_queues_nothing(client: Client, site: Site, given: str) -> None:
    answer = deliver(client, "push", push(), **{"X-Hub-Signature-256": given.encode().decode("latin-1")})

    assert answer.status_code == 401
    assert (queued(), HookDelivery.objects.exists()) == ([], False)


def test_a_signature_of_other_bytes_is_refused_however_alike_they_are(client: Client, site: Site) -> None:
    body = json.dumps(push()).encode()

    answer = deliver(client, "push", body + b" ", **{"X-Hub-Signature-256": signature(body)})

    assert answer.status_code == 401


def test_while_a_secret_is_changed_both_are_good(client: Client, site: Site, settings: LazySettings) -> None:
    settings.GITHUB_HOOK_SECRETS = [OTHER, SECRET]

    old = deliver(client, "push", push(), secret=SECRET)
    new = deliver(client, "push", push(after="c" * 40), secret=OTHER)

    assert (old.status_code, new.status_code) == (202, 202)


def test_without_a_secret_the_door_is_closed(client: Client, settings: LazySettings) -> None:
    settings.GITHUB_HOOK_SECRETS = []

    answer = deliver(client, "push", push(), secret="")

    assert (answer.status_code, HookDelivery.objects.exists()) == (404, False)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'"x"', b"{", b'{"ref": 1e9', b"\xff", b"[" * 5000, b'{"a":' * 5000, b"{}{}"],
)
def test_what_is_signed_and_no_object_is_answered_400(client: Client, body: bytes) -> None:
    assert deliver(client, "push", body).status_code == 400


def test_a_form_of_github_s_other_content_type_is_read(client: Client, site: Site) -> None:
    body = urlencode({"payload": json.dumps(push())}).encode()

    answer = client.post(
        "/hooks/github",
        body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-GitHub-Event": "push", "X-Hub-Signature-256": signature(body)},
    )

    assert answer.json()["sites"] == [HOST]


def test_a_burst_of_pushes_is_one_entry_in_the_queue(client: Client, make_site: MakeSite) -> None:
    for name in ("cron", "tabs"):
        make_site(f"{name}.example.com")

    for number in range(20):
        deliver(client, "push", push(f"icco/{('cron', 'tabs')[number % 2]}", after=f"{number:040x}"))

    assert (queued(), HookDelivery.objects.count()) == (["queue_hook_syncs"], 20)


def test_a_stranger_costs_no_statement_and_one_at_most_a_minute(
    client: Client, site: Site, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(1):
        deliver(client, "push", push(), secret=OTHER)
    with django_assert_max_num_queries(0):
        deliver(client, "push", push(), secret=OTHER)

    assert HookRefusal.objects.filter(door="github").count() <= 1


def test_an_address_that_is_refused_time_and_again_is_sent_away(client: Client, site: Site) -> None:
    statuses = [deliver(client, "push", push(), secret=OTHER).status_code for _ in range(31)]

    answer = deliver(client, "push", push())

    assert statuses == [401] * 30 + [429]
    assert 0 < int(answer["Retry-After"]) <= 61


def test_a_refusal_is_one_line_in_the_log(
    client: Client, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    deliver(client, "push", push(), secret=OTHER)

    assert [record.message for record in caplog.records] == [
        "POST /hooks/github 401: The signature fits none of GITHUB_HOOK_SECRETS."
    ]
