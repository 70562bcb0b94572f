"""A proxy that knows who people are logs them in, and nobody else may pretend to be it."""

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from dashboard.accounts.checks import proxy_login_is_whole_or_off

NAME = {"X-Forwarded-User": "Ada"}
SECRET = {"X-Headway-Proxy-Secret": "s3cret"}


@pytest.fixture(autouse=True)
def _ada(settings: LazySettings, db: None) -> None:
    User.objects.create_user("ada")
    settings.TRUSTED_USER_HEADER = "X-Forwarded-User"
    settings.TRUSTED_PROXIES = 1
    settings.TRUSTED_SECRET = "s3cret"


def test_the_proxy_logs_in(stranger: Client) -> None:
    assert stranger.get("/", headers=NAME | SECRET).status_code == 200


@pytest.mark.parametrize("headers", [NAME, NAME | {"X-Headway-Proxy-Secret": "guess"}, SECRET])
def test_a_client_that_is_not_the_proxy_does_not(stranger: Client, headers: dict[str, str]) -> None:
    assert stranger.get("/", headers=headers)["Location"] == "/login/?next=/"


def test_who_has_no_account_gets_none(stranger: Client) -> None:
    assert stranger.get("/", headers=SECRET | {"X-Forwarded-User": "eve"}).status_code == 302
    assert User.objects.count() == 1


def test_the_session_ends_when_the_proxy_no_longer_names_anyone(stranger: Client) -> None:
    stranger.get("/", headers=NAME | SECRET)

    assert stranger.get("/").status_code == 302


@pytest.mark.parametrize(("networks", "status"), [(["127.0.0.0/8"], 200), (["10.0.0.0/8"], 302)])
def test_a_network_is_required_beside_the_secret(
    stranger: Client, settings: LazySettings, networks: list[str], status: int
) -> None:
    settings.TRUSTED_NETWORKS = networks

    assert stranger.get("/", headers=NAME | SECRET).status_code == status


@pytest.mark.parametrize("headers", [NAME, NAME | SECRET, NAME | {"X-Headway-Proxy-Secret": ""}])
def test_a_network_alone_is_no_proof_and_a_check_says_so(
    stranger: Client, settings: LazySettings, headers: dict[str, str]
) -> None:
    settings.TRUSTED_SECRET = ""
    settings.TRUSTED_NETWORKS = ["127.0.0.0/8"]

    assert stranger.get("/", headers=headers).status_code == 302
    assert [found.id for found in proxy_login_is_whole_or_off()] == ["headway.W010"]


def test_it_is_off_without_a_proxy_and_a_check_says_so(stranger: Client, settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = 0

    assert stranger.get("/", headers=NAME | SECRET).status_code == 302
    assert [found.id for found in proxy_login_is_whole_or_off()] == ["headway.W010"]
