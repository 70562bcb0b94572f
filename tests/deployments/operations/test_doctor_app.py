"""The doctor reports what a GitHub App's installation may not read."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from deployments.clients.github import AppCredentials, GitHub
from deployments.operations.doctor.findings import Finding, Grade
from deployments.operations.doctor.run import examine
from simulators.github import App
from simulators.github.permissions import ALL_PERMISSIONS
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def key() -> App:
    """Making a key takes a while."""
    return App()


@pytest.fixture
def app(key: App, world: World) -> App:
    key.installations, key.permissions, key.states_permissions = {}, dict(ALL_PERMISSIONS), True
    for owner in {each.owner for each in world.mappings.values()}:
        key.install(owner)
    world.github.tokens.app = key
    return key


@pytest.fixture
def asking(clients: Clients, app: App, world: World) -> Iterator[Clients]:
    """The App asks, and no other token."""
    credentials = AppCredentials(str(app.id), app.private_key)
    with GitHub(app=credentials, api_url=world.github.url, web_url=world.github.url) as github:
        yield replace(clients, github=github)


def lines(clients: Clients) -> list[Finding]:
    return [each for each in examine(clients=clients, now=NOW) if each.subject.startswith("App, ")]


def test_an_installation_with_all_permissions_is_well(asking: Clients) -> None:
    found = lines(asking)

    assert found
    assert {each.grade for each in found} == {Grade.GOOD}


@pytest.mark.parametrize("name", ["checks", "contents", "statuses"])
def test_a_permission_that_is_missing_is_named_with_what_helps(asking: Clients, app: App, name: str) -> None:
    del app.permissions[name]

    found = lines(asking)

    assert {each.grade for each in found} == {Grade.BAD}
    assert found[0].message == f"Its installation may not read {name}."
    assert "Grant" in found[0].remedy


def test_a_permission_that_was_granted_since_is_seen_at_once(asking: Clients, app: App) -> None:
    del app.permissions["checks"]
    lines(asking)
    app.permissions["checks"] = "write"

    found = lines(asking)

    assert {each.grade for each in found} == {Grade.GOOD}


def test_where_github_does_not_tell_of_permissions_nothing_is_said_to_be_missing(
    asking: Clients, app: App
) -> None:
    app.states_permissions = False

    found = examine(clients=asking, now=NOW)

    assert [each for each in found if each.subject.startswith("App")] == []
    assert any(each.subject == "GitHub" and "can be read" in each.message for each in found)


def test_without_an_app_there_is_no_line(clients: Clients) -> None:
    assert lines(clients) == []


def test_a_key_that_is_not_the_apps_is_reported(clients: Clients, app: App, world: World) -> None:
    credentials = AppCredentials("1", app.private_key)
    with GitHub(app=credentials, api_url=world.github.url, web_url=world.github.url) as github:
        found = lines(replace(clients, github=github))

    assert {each.grade for each in found} == {Grade.BAD}
    assert "GITHUB_APP_ID" in found[0].message
