"""People with a browser, and sites as a sync has left them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from deployments.models import Observation, Site, SyncRun
from tests.factories import create_site, make_user

HOST = "cron.example.com"
RUNNING = "a" * 40
HEAD = "b" * 40

MakeSite = Callable[..., Site]


@pytest.fixture(autouse=True)
def _static_files_as_they_lie(settings: LazySettings, db: None) -> None:
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture(autouse=True)
def _passwords_are_hashed_quickly(settings: LazySettings) -> None:
    """Half a second a password and login is what makes the usual hasher good."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _as_web_s_role(settings: LazySettings) -> None:
    """Every page is served with no more rights in the database than web's role has, and has no id twice."""
    settings.MIDDLEWARE = ["tests.unique_ids.unique_ids", "tests.roles.as_web", *settings.MIDDLEWARE]


@pytest.fixture
def make_site() -> MakeSite:
    """Make a site that is ready to deploy; `seen` changes what was observed of it."""

    def make(host: str = HOST, **seen: Any) -> Site:
        name = host.split(".", maxsplit=1)[0]
        site = create_site(host=host, owner="icco", repository=name, deployment=name, container=name)
        minute_ago = timezone.now() - timedelta(minutes=1)
        observed = {
            "head_sha": HEAD,
            "head_headline": f"Fix {name}",
            "head_author": "Ada",
            "head_committed_at": minute_ago,
            "check_state": "success",
            "behind_by": 1,
            "ahead_by": 0,
            "github_observed_at": minute_ago,
            "head_image_built": True,
            "desired_image": f"{site.expected_repository}:{RUNNING}",
            "desired_sha": RUNNING,
            "running_sha": RUNNING,
            "ready": 1,
            "wanted": 1,
            "cluster_observed_at": minute_ago,
        }
        Observation.objects.create(site=site, **observed | seen)
        return site

    return make


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site()


@pytest.fixture
def synced() -> SyncRun:
    now = timezone.now()
    return SyncRun.objects.create(started_at=now, finished_at=now, result="good", trigger="schedule")


@pytest.fixture
def person() -> User:
    """Someone who may deploy."""
    return make_user("eve")


@pytest.fixture
def deployer(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def viewer() -> Client:
    client = Client()
    client.force_login(make_user("vic", may_deploy=False))
    return client


@pytest.fixture
def stranger() -> Client:
    return Client()
