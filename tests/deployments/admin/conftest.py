"""People at the admin, with sites that nobody has observed yet."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from deployments.models import Site
from tests.factories import create_site

STATIC_FILES = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture(autouse=True)
def _static_files_as_they_lie(settings: Settings, db: None) -> None:
    settings.STORAGES = settings.STORAGES | {"staticfiles": STATIC_FILES}


@pytest.fixture(autouse=True)
def _as_web_s_role(settings: Settings) -> None:
    """Every page is served with no more rights in the database than web's role has."""
    settings.MIDDLEWARE = ["tests.roles.as_web", *settings.MIDDLEWARE]


@pytest.fixture
def owner(client: Client) -> Client:
    """The browser of a superuser."""
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def stranger(client: Client) -> Client:
    """The browser of someone who may enter the admin and has no right to anything in it."""
    client.force_login(User.objects.create_user("vera", is_staff=True))
    return client


@pytest.fixture
def sites() -> list[Site]:
    """Three sites: a.example.com to c.example.com."""
    return [make_site(name) for name in "abc"]


def make_site(name: str) -> Site:
    return create_site(
        host=f"{name}.example.com", owner="icco", repository=name, deployment=name, container=name
    )
