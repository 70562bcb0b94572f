"""Issuers' keys: fetched by a worker within the hour, kept while an issuer is silent, gone when it no longer publishes them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django_q.models import OrmQ

from deployments.models import SigningKey
from deployments.operations.hooks.signing_keys import fetch_signing_keys
from deployments.operations.tick import Doors, tick
from simulators.identity import Issuer
from tests.factories import NOW, create_site
from tests.roles import WORKER, acting_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    server = Issuer().start()
    yield server
    server.stop()


def fetch(issuer: Issuer, *, after: timedelta = timedelta(0)) -> int:
    with acting_as(WORKER):
        return fetch_signing_keys(issuers=[issuer.url], now=NOW + after)


def known() -> set[str]:
    return set(SigningKey.objects.values_list("key_id", flat=True))


def test_an_issuer_s_present_keys_are_kept_and_no_earlier_ones(issuer: Issuer) -> None:
    issuer.key_ids = ["1", "2"]
    fetch(issuer)
    issuer.key_ids = ["2", "3"]

    assert fetch(issuer, after=timedelta(hours=1)) == 2
    assert known() == {"2", "3"}
    assert set(SigningKey.objects.values_list("fetched_at", flat=True)) == {NOW + timedelta(hours=1)}


def test_nothing_secret_is_kept(issuer: Issuer) -> None:
    fetch(issuer)

    assert set(SigningKey.objects.get().key) <= {"kty", "n", "e", "kid", "use", "alg", "key_ops"}


@pytest.mark.parametrize("status", [500, 404, 302])
def test_while_an_issuer_does_not_answer_its_keys_stay(
    issuer: Issuer, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    fetch(issuer)
    issuer.fails = status

    assert fetch(issuer, after=timedelta(hours=1)) == 0
    assert known() == {"1"}
    assert "cannot be fetched" in caplog.text


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[]", b"\xff", b'{"keys": ["\\u0000"]}'])
def test_an_issuer_that_answers_junk_keeps_no_other_from_being_asked(issuer: Issuer, body: bytes) -> None:
    with_junk = Issuer().start()
    with_junk.body = body

    with acting_as(WORKER):
        found = fetch_signing_keys(issuers=[with_junk.url, issuer.url], now=NOW)
    with_junk.stop()

    assert (found, known()) == (1, {"1"})


def test_a_key_that_no_row_can_hold_is_left_out(issuer: Issuer) -> None:
    issuer.key_ids = ["\0", "\ud800", "k" * 300, "", "2"]

    assert fetch(issuer) == 1
    assert known() == {"2"}


def test_an_issuer_without_keys_takes_none_away(issuer: Issuer) -> None:
    fetch(issuer)
    issuer.key_ids = []

    fetch(issuer)

    assert known() == {"1"}


def test_the_tick_has_them_fetched_once_an_hour() -> None:
    create_site(host="a.example.com", owner="o", repository="a", deployment="a")
    doors = Doors(issuers=("https://a.example.com", "https://b.example.com"))
    SigningKey.objects.create(issuer=doors.issuers[0], key_id="1", key={}, fetched_at=NOW)

    tick(now=NOW, doors=doors)
    assert OrmQ.objects.count() == 1
    SigningKey.objects.create(issuer=doors.issuers[1], key_id="1", key={}, fetched_at=NOW)
    OrmQ.objects.all().delete()
    tick(now=NOW + timedelta(minutes=59), doors=doors)

    assert not OrmQ.objects.exists()
    tick(now=NOW + timedelta(minutes=61), doors=doors)
    assert [entry.task["func"].rpartition(".")[2] for entry in OrmQ.objects.all()] == ["fetch_signing_keys"]
