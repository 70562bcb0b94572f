"""Logging in with OpenID Connect: a role by the claims of each login, and nobody without one.

That login is wired when web starts, with its own tables: so here a web server runs, on a copy of the tests' database.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from pytest_django import DjangoDbBlocker

from simulators.oidc import DemoProvider, Fault
from tests.dashboard.github_web import PASSWORD, Browser, answers
from tests.processes import MANAGE, Running, environment, eventually, free_port
from tests.roles import WEB, alone_with_roles, url_of

pytestmark = pytest.mark.slow  # starts processes

HASHED = PBKDF2PasswordHasher().encode(PASSWORD, "a-salt-of-these-tests")
UNCONFIRMED = "Pocket ID did not confirm the login."
NO_ROLE = "Pocket ID gives you no role in Headway."
ADD = "INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name, email, date_joined)"


class People(Browser):
    def log_in_with_oidc(self, query: str = "") -> Any:
        return self.post(f"/login/oidc{query}")

    def on_the_way_back(self) -> str:
        """Go to the provider and consent; return the address that it leads back to, without going there."""
        token = self._session.cookies.get("csrftoken") or self._token()
        started = self._session.post(
            f"{self.url}/login/oidc", data={"csrfmiddlewaretoken": token}, allow_redirects=False, timeout=30
        )
        answered = self._session.get(started.headers["Location"], allow_redirects=False, timeout=30)
        return answered.headers["Location"].removeprefix(self.url)

    @property
    def role(self) -> str:
        """What the pages let this person do: admin, deployer, viewer; empty where they are not logged in."""
        if not self.is_in:
            return ""
        if self.get("/admin/", allow_redirects=False).status_code == 200:
            return "admin"
        return "viewer" if self.post("/sync").status_code == 403 else "deployer"


@pytest.fixture(scope="module")
def provider() -> Iterator[DemoProvider]:
    with DemoProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def rows(
    django_db_setup: None, static_files: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[psycopg.Connection[Any]]:
    """A copy of the tests' database, to which the tables of this login are added."""
    with django_db_blocker.unblock():
        given = connection.get_connection_params()
        connection.close()
    copy = f"{given['dbname']}_oidc"
    where = {name: given.get(name) for name in ("host", "port", "user", "password")}
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{given["dbname"]}"')
        with psycopg.connect(dbname=copy, autocommit=True, **where) as rows:
            yield rows
        admin.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')


@pytest.fixture(scope="module")
def env(
    rows: psycopg.Connection[Any],
    provider: DemoProvider,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("oidc")
    with django_db_blocker.unblock():
        settings = environment(
            folder,
            OIDC_URL=provider.url,
            OIDC_CLIENT_ID=provider.client_id,
            OIDC_CLIENT_SECRET=provider.client_secret,
            OIDC_NAME="Pocket ID",
            OIDC_SCOPES="openid,profile,groups",
            OIDC_ADMINS="owners",
            OIDC_DEPLOYERS="ops",
            OIDC_VIEWERS="staff",
        )
        here = str(connection.get_connection_params()["dbname"])
        as_web = url_of(WEB)
    owner, web_s = (
        each.replace(f"/{here}?", f"/{rows.info.dbname}?") for each in (settings["DATABASE_URL"], as_web)
    )
    upgrade = settings | {"DATABASE_URL": owner, "WEB_DATABASE_URL": web_s}
    with (
        alone_with_roles(),
        Running([*MANAGE, "upgrade", "-v", "0"], upgrade, log=folder / "upgrade.log") as migrate,
    ):
        assert migrate.process.wait(timeout=120) == 0, migrate.message
    # Web connects as its own role, as in the cluster.
    return settings | {"DATABASE_URL": web_s}


@contextmanager
def web(env: dict[str, str], provider: DemoProvider, log: Path) -> Iterator[str]:
    """A web server on a port that the provider knows as its client's."""
    bind = f"127.0.0.1:{free_port()}"
    gunicorn = ["gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn", "--bind", bind]
    before = provider.redirect_uri
    with Running([sys.executable, "-m", *gunicorn], env, log=log) as running:
        assert eventually(lambda: answers(f"http://{bind}/healthz"), seconds=60), running.message
        provider.redirect_uri = f"http://{bind}/login/oidc/callback"
        yield f"http://{bind}"
    provider.redirect_uri = before


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where web writes its lines."""
    return tmp_path_factory.mktemp("web") / "log"


@pytest.fixture(scope="module")
def url(env: dict[str, str], provider: DemoProvider, log: Path) -> Iterator[str]:
    with web(env, provider, log) as url:
        yield url


@pytest.fixture(autouse=True)
def _as_at_first(rows: psycopg.Connection[Any], provider: DemoProvider) -> None:
    rows.execute("TRUNCATE auth_user, headway_cache CASCADE")
    rows.execute(f"{ADD} VALUES ('root', %s, true, true, true, '', '', '', now())", [HASHED])
    provider.faults.clear()
    provider.requests.clear()
    provider.visitor, provider.auth_method, provider.in_id_token = "ann", "client_secret_basic", False
    provider.other_auth_methods = ()
    provider.people = {"ann": {"groups": ["ops"]}}


@pytest.fixture
def browser(url: str) -> People:
    return People(url)


def test_the_login_page_names_the_provider(browser: People) -> None:
    page = browser.get("/login/").text

    assert "Continue with Pocket ID" in page
    assert "GitHub" not in page


@pytest.mark.parametrize(
    ("groups", "role"),
    [(["owners"], "admin"), (["ops"], "deployer"), (["staff"], "viewer"), (["staff", "owners"], "admin")],
)
def test_the_claims_give_a_role(
    browser: People, provider: DemoProvider, groups: list[str], role: str
) -> None:
    provider.people["ann"] = {"groups": groups}

    browser.log_in_with_oidc()

    assert browser.role == role


@pytest.mark.parametrize(
    "claims", [{}, {"groups": []}, {"groups": ""}, {"groups": ["others"]}, {"groups": None}]
)
def test_an_empty_or_missing_claim_lets_nobody_in_and_makes_no_account(
    browser: People, provider: DemoProvider, rows: psycopg.Connection[Any], claims: dict[str, Any]
) -> None:
    provider.people["ann"] = claims

    page = browser.log_in_with_oidc()

    assert NO_ROLE in page.text
    assert not browser.is_in
    assert rows.execute("SELECT count(*) FROM auth_user").fetchone() == (1,)


@pytest.mark.parametrize(
    ("claims", "held"), [({"groups": ["cooks", "aides"]}, "aides, cooks"), ({}, "nothing")]
)
def test_the_log_says_what_the_claim_held_that_gave_no_role(
    browser: People, provider: DemoProvider, log: Path, claims: dict[str, Any], held: str
) -> None:
    provider.people["ann"] = claims

    browser.log_in_with_oidc()

    assert (
        f"Pocket ID gives no role: the claim “groups” holds {held}, of which OIDC_ADMINS" in log.read_text()
    )


@pytest.mark.parametrize("fault", sorted(Fault, key=lambda each: each.name), ids=lambda each: each.name)
def test_a_provider_that_answers_wrongly_lets_nobody_in_and_is_a_sentence(
    browser: People, provider: DemoProvider, rows: psycopg.Connection[Any], fault: Fault
) -> None:
    provider.faults.add(fault)

    page = browser.log_in_with_oidc()

    assert page.status_code == 200
    assert UNCONFIRMED in page.text
    assert not browser.is_in
    assert rows.execute("SELECT count(*) FROM auth_user").fetchone() == (1,)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("in_id_token", [True, False])
def test_the_secret_and_the_claims_go_the_way_that_the_provider_takes(
    browser: People, provider: DemoProvider, method: str, in_id_token: bool
) -> None:
    provider.auth_method, provider.in_id_token = method, in_id_token

    browser.log_in_with_oidc()

    assert browser.is_in


@pytest.mark.parametrize(
    ("method", "other"),
    [("client_secret_basic", "client_secret_post"), ("client_secret_post", "client_secret_basic")],
)
def test_a_provider_that_lists_more_than_its_client_may_use_is_sent_the_secret_the_other_way(
    browser: People, provider: DemoProvider, method: str, other: str
) -> None:
    """https://github.com/nextcloud/user_oidc/issues/907"""
    provider.auth_method, provider.other_auth_methods = method, (other, "none")

    browser.log_in_with_oidc()

    assert browser.is_in


def test_a_wrong_secret_is_tried_both_ways_and_the_log_says_so(
    browser: People, provider: DemoProvider, log: Path
) -> None:
    provider.other_auth_methods = ("client_secret_post",)
    right, provider.client_secret = provider.client_secret, "another one"

    page = browser.log_in_with_oidc()

    provider.client_secret = right
    assert UNCONFIRMED in page.text
    assert [each.path for each in provider.requests].count("/token") == 2
    assert "Pocket ID did not confirm a login: Error retrieving access token" in log.read_text()
    assert "invalid_client" in log.read_text()
    assert right not in log.read_text()


def test_an_answer_to_another_browser_s_login_is_worth_nothing(
    browser: People, provider: DemoProvider, url: str
) -> None:
    eves = People(url).on_the_way_back()

    page = browser.get(eves)

    assert UNCONFIRMED in page.text
    assert not browser.is_in


def test_a_role_follows_the_claims_of_the_next_login(
    browser: People, provider: DemoProvider, url: str
) -> None:
    provider.people["ann"] = {"groups": ["owners"]}
    browser.log_in_with_oidc()
    provider.people["ann"] = {"groups": ["staff"]}
    other = People(url)

    other.log_in_with_oidc()

    assert (browser.role, other.role) == ("viewer", "viewer")


def test_who_has_lost_the_claim_loses_role_and_sessions_at_the_next_login(
    browser: People, provider: DemoProvider, url: str, rows: psycopg.Connection[Any]
) -> None:
    browser.log_in_with_oidc()
    provider.people["ann"] = {"groups": []}

    page = People(url).log_in_with_oidc()

    assert NO_ROLE in page.text
    assert not browser.is_in
    assert rows.execute("SELECT count(*) FROM auth_user_groups").fetchone() == (0,)


def test_a_password_does_not_let_in_who_came_by_the_provider(
    browser: People, url: str, rows: psycopg.Connection[Any]
) -> None:
    browser.log_in_with_oidc()
    rows.execute("UPDATE auth_user SET password = %s WHERE username = 'ann'", [HASHED])
    other = People(url)

    page = other.log_in_by_password("ann")

    assert "Log in with Pocket ID: it decides at each login what you may do here." in page.text
    assert not other.is_in


def test_the_local_account_stays_also_while_the_provider_is_down(
    browser: People, provider: DemoProvider
) -> None:
    provider.faults.add(Fault.DOWN)

    browser.log_in_by_password("root")

    assert browser.role == "admin"


def test_nobody_takes_over_a_local_account_by_its_name(
    browser: People, provider: DemoProvider, rows: psycopg.Connection[Any]
) -> None:
    provider.people["ann"] = {"preferred_username": "root", "email": "root@example.com", "groups": ["staff"]}
    rows.execute("UPDATE auth_user SET email = 'root@example.com'")

    browser.log_in_with_oidc()

    assert browser.role == "viewer"
    assert rows.execute("SELECT count(*), bool_and(username <> '') FROM auth_user").fetchone() == (2, True)


def test_no_provider_s_account_is_added_to_an_account_that_is_there(
    browser: People, rows: psycopg.Connection[Any]
) -> None:
    browser.log_in_by_password("root")

    page = browser.log_in_with_oidc("?process=connect")

    assert "cannot be added to an account here" in page.text
    assert rows.execute("SELECT count(*) FROM socialaccount_socialaccount").fetchone() == (0,)


def test_an_address_counts_where_the_provider_has_verified_it(
    env: dict[str, str], provider: DemoProvider, tmp_path: Path
) -> None:
    by_address = env | {"OIDC_ROLES_CLAIM": "email", "OIDC_ADMINS": "ann@example.com"}
    roles = []
    with web(by_address, provider, tmp_path / "log") as url:
        for verified in (False, True):
            provider.people["ann"] = {"email": "ann@example.com", "email_verified": verified}
            person = People(url)
            person.log_in_with_oidc()
            roles.append(person.role)

    assert roles == ["", "admin"]
