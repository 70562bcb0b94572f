"""Every address, walked by every role and by nobody, looking and acting, against one explicit table."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLResolver, get_resolver

from dashboard.accounts.roles import Role, ensure_roles, give_role
from tests.dashboard.address_table import TABLE

PASSWORD = "long enough 7"
ROLES = ["nobody", *Role]
ONE_OF_EACH = {"site": "a.example.com", "path": "1", "int": "1", "id": "1", "str": "none"}


def all_routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from all_routes(pattern, route)
        else:
            yield route


ROUTES = sorted(set(all_routes(get_resolver())))


def address_of(route: str) -> str:
    plain = re.sub(r"\^\(\?P<app_label>.*\)/\$", "deployments/", route).replace("(?P<url>.*)$", "nowhere")
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda found: ONE_OF_EACH[found[1] or "id"], plain)


def outcome(client: Client, method: str, route: str) -> str:
    """What comes back; whatever it changed, a session that it ended among it, is undone."""
    before = client.cookies.copy()
    with transaction.atomic():
        response = client.generic(method, address_of(route))
        transaction.set_rollback(True)
    client.cookies = before
    assert response.status_code < 500
    if response.status_code == 302 and re.match(r"(/admin)?/login/\?next=", response["Location"]):
        return "login"
    return {403: "no", 405: "405"}.get(response.status_code, "ok")


@pytest.fixture
def people() -> None:
    ensure_roles()
    for role in Role:
        give_role(User.objects.create_user(role.value, password=PASSWORD), role)


def test_every_address_is_in_the_table() -> None:
    assert set(ROUTES) == set(TABLE)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("role", ROLES)
def test_each_address_answers_each_role_as_the_table_says(people: None, role: str, method: str) -> None:
    column = ROLES.index(role)
    client = Client()
    if role != "nobody":
        client.force_login(User.objects.get(username=role))

    answers = {route: outcome(client, method, route) for route in ROUTES}

    assert answers == {route: TABLE[route][method][column] for route in ROUTES}
