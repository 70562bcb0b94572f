"""The door of GitHub Actions: a job's own token is all that it takes, and nobody else's is taken."""

import base64
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django_q.models import OrmQ

from deployments.models import HookDelivery, SigningKey, Site
from simulators.identity import Issuer
from tests.dashboard.conftest import HEAD, HOST

HERE = "https://headway.example.com"
pytestmark = pytest.mark.usefixtures("site")


@pytest.fixture(autouse=True)
def _open(settings: LazySettings, issuer: Issuer) -> None:
    settings.ACTIONS_HOOK, settings.ACTIONS_ISSUER, settings.PUBLIC_URL = True, issuer.url, HERE


def claims(**changes: Any) -> dict[str, Any]:
    usual = {
        "aud": HERE,
        "repository": "icco/cron",
        "ref": "refs/heads/main",
        "sha": HEAD,
        "event_name": "push",
        "jti": uuid4().hex,
    }
    return usual | changes


def post(client: Client, token: str) -> Any:
    return client.post("/hooks/actions", headers={"Authorization": f"Bearer {token}"})


def nothing_happened() -> bool:
    return not OrmQ.objects.exists() and not HookDelivery.objects.exists()


def test_a_job_of_a_site_s_repository_has_it_checked(client: Client, issuer: Issuer) -> None:
    answer = post(client, issuer.token(**claims()))

    assert (answer.status_code, answer.json()["sites"]) == (202, [HOST])
    assert OrmQ.objects.count() == 1


def test_a_token_is_good_once(client: Client, issuer: Issuer) -> None:
    token = issuer.token(**claims())
    post(client, token)
    OrmQ.objects.all().delete()

    answer = post(client, token)

    assert (answer.status_code, OrmQ.objects.exists()) == (403, False)


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def without_signature(issuer: Issuer) -> str:
    now = int(time.time())
    content = claims(iss=issuer.url, iat=now, exp=now + 60)
    return f"{encoded({'alg': 'none', 'typ': 'JWT', 'kid': '1'})}.{encoded(content)}."


def signed_with_the_public_key(issuer: Issuer) -> str:
    """The classic confusion of a public key with a shared secret."""
    head, content, _ = without_signature(issuer).split(".")
    head = encoded({"alg": "HS256", "typ": "JWT", "kid": "1"})
    made = hmac.new(json.dumps(issuer.keys()[0]).encode(), f"{head}.{content}".encode(), "sha256").digest()
    return f"{head}.{content}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


ATTACKS: dict[str, tuple[Any, int, str]] = {
    "no token": (lambda _: "", 401, "no token that can be read"),
    "junk": (lambda _: "a.b.c", 401, "no token that can be read"),
    "long": (lambda _: "a" * 9000, 401, "no token that can be read"),
    "another audience": (
        lambda issuer: issuer.token(**claims(aud="https://other.example.com")),
        401,
        "another audience",
    ),
    "no audience": (lambda issuer: issuer.token(**claims(aud=None)), 401, "audience|lacks"),
    "expired": (lambda issuer: issuer.token(**claims(exp=int(time.time()) - 600)), 401, "expired"),
    "without an end": (lambda issuer: issuer.token(**claims(exp=None)), 401, "lacks"),
    "of the future": (
        lambda issuer: issuer.token(**claims(nbf=int(time.time()) + 600)),
        401,
        "not valid yet",
    ),
    "another issuer": (
        lambda issuer: issuer.token(**claims(iss="https://evil.example.com")),
        401,
        "another issuer",
    ),
    "unknown key": (lambda issuer: issuer.token(key_id="2", **claims()), 401, "no worker has fetched"),
    "wrong key": (lambda issuer: issuer.token(signed_by="3", **claims()), 401, "signature is wrong"),
    "no key": (lambda issuer: issuer.token(key_id="", **claims()), 401, "names no key"),
    "a key with a NUL": (
        lambda issuer: issuer.token(headers={"kid": "1\0"}, **claims()),
        401,
        "names no key",
    ),
    "no algorithm": (without_signature, 401, "not signed"),
    "the public key as a secret": (signed_with_the_public_key, 401, "not signed"),
    "another repository": (
        lambda issuer: issuer.token(**claims(repository="evil/cron")),
        403,
        "no site's",
    ),
    "a pull request of a fork": (
        lambda issuer: issuer.token(**claims(ref="refs/pull/7/merge", event_name="pull_request")),
        403,
        "neither a branch nor a tag",
    ),
    "no commit": (lambda issuer: issuer.token(**claims(sha="main")), 403, "neither a branch nor a tag"),
    "no id": (lambda issuer: issuer.token(**claims(jti=None)), 401, "no id"),
    "odd claims": (
        lambda issuer: issuer.token(**claims(repository=["icco/cron"], ref={})),
        403,
        "neither a branch nor a tag",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_any_other_token_is_refused_with_one_line_in_the_log(
    client: Client, issuer: Issuer, caplog: pytest.LogCaptureFixture, attack: str
) -> None:
    make, status, reason = ATTACKS[attack]
    caplog.set_level("INFO")

    answer = post(client, make(issuer))

    assert answer.status_code == status
    lines = [record.message for record in caplog.records if "/hooks/" in record.message]
    assert [line.startswith(f"POST /hooks/actions {status}: ") for line in lines] == [True]
    assert any(each in lines[0] for each in reason.split("|")), lines
    assert nothing_happened()


def test_another_branch_is_refused(client: Client, issuer: Issuer, site: Site) -> None:
    Site.objects.update(branch="trunk")

    answer = post(client, issuer.token(**claims()))

    assert answer.status_code == 403
    assert "only trunk" in answer.json()["message"]
    assert nothing_happened()


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_unknown_sender_costs_one_query_at_most(
    client: Client, issuer: Issuer, attack: str, django_assert_max_num_queries: Any
) -> None:
    token = ATTACKS[attack][0](issuer)

    with django_assert_max_num_queries(1):
        post(client, token)


def test_a_job_of_a_tag_has_sites_by_release_checked(client: Client, issuer: Issuer) -> None:
    Site.objects.update(commit_source="release", branch="main")

    answer = post(client, issuer.token(**claims(ref="refs/tags/v1.6.0", event_name="release")))

    assert (answer.status_code, answer.json()["sites"]) == (202, [HOST])
    assert HookDelivery.objects.get().summary == f"Workflow of icco/cron: {HEAD[:7]} on tag v1.6.0"
    assert OrmQ.objects.count() == 1


def test_a_job_of_a_tag_is_refused_where_no_site_is_by_release(client: Client, issuer: Issuer) -> None:
    answer = post(client, issuer.token(**claims(ref="refs/tags/v1.6.0")))

    assert answer.status_code == 403
    assert answer.json()["message"] == "No site follows the releases of icco/cron."
    assert nothing_happened()


def test_keys_that_no_worker_has_fetched_for_a_day_are_good_no_more(client: Client, issuer: Issuer) -> None:
    SigningKey.objects.update(fetched_at="2026-01-01T00:00Z")

    assert post(client, issuer.token(**claims())).status_code == 401
    assert nothing_happened()


def test_the_door_is_closed_unless_it_is_set(client: Client, issuer: Issuer, settings: LazySettings) -> None:
    settings.ACTIONS_HOOK = False

    assert post(client, issuer.token(**claims())).status_code == 404
    assert nothing_happened()
