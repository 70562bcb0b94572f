"""Logging in with GitHub, and what its list says later of those who log in by password or passkey.

That login is wired when web starts, with its own tables: so here a web server runs, on a copy of the tests' database.
"""

import json
import re
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from simulators.github import DemoGitHub, Failure
from tests.dashboard.github_web import PASSWORD, Browser, SystemStatus
from tests.dashboard.soft_passkey import SoftPasskey
from tests.processes import MANAGE, Running, environment

pytestmark = pytest.mark.slow  # starts processes

NOT_LISTED = "This GitHub account is not on the list"
AGAIN = "Log in with GitHub this time"


@pytest.fixture(scope="module")
def github() -> Iterator[DemoGitHub]:
    server = DemoGitHub().start()
    server.sign_in.ids |= {"mona": 2, "eve": 3}
    yield server
    server.stop()


@pytest.fixture(scope="module")
def system_status(
    django_db_setup: None,
    static_files: None,
    django_db_blocker: DjangoDbBlocker,
    github: DemoGitHub,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SystemStatus]:
    with django_db_blocker.unblock():
        given = connection.get_connection_params()
        connection.close()
    copy = f"{given['dbname']}_github"
    where = {name: given.get(name) for name in ("host", "port", "user", "password")}
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{given["dbname"]}"')
        folder = tmp_path_factory.mktemp("github")
        with django_db_blocker.unblock():
            settings = environment(folder)
        system_status = SystemStatus(
            github, settings["DATABASE_URL"].replace(f"/{given['dbname']}?", f"/{copy}?"), folder
        )
        with Running(
            [*MANAGE, "migrate", "-v", "0"], system_status.env, log=folder / "migrate.log"
        ) as migrate:
            assert migrate.process.wait(timeout=120) == 0, migrate.message
        yield system_status
        system_status.rows.close()
        admin.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')


@pytest.fixture(scope="module")
def url(system_status: SystemStatus) -> Iterator[str]:
    with system_status.web() as url:
        yield url


@pytest.fixture(autouse=True)
def _as_at_first(system_status: SystemStatus, github: DemoGitHub) -> None:
    system_status.rows.execute("TRUNCATE auth_user, headway_cache CASCADE")
    # Where there is nobody yet, the login page leads to the welcome page.
    system_status.rows.execute(
        "INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name, email, date_joined)"
        " VALUES ('root', '!', true, true, true, '', '', '', now())"
    )
    github.heal()
    github.requests.clear()
    github.sign_in.members = {"acme": {"mona": "active"}}
    github.sign_in.visitor = "mona"
    github.sign_in.odd = {}


@pytest.fixture
def browser(url: str) -> Browser:
    return Browser(url)


@pytest.fixture
def mona(browser: Browser, url: str) -> Browser:
    """Someone who belongs to the organisation, has set a password and is logged out again."""
    browser.log_in_with_github()
    assert browser.post("/account/password/first", password1=PASSWORD, password2=PASSWORD).ok
    return Browser(url)


def test_whom_the_list_names_gets_in_as_a_viewer(browser: Browser, system_status: SystemStatus) -> None:
    system_status.github.sign_in.visitor = "octocat"

    browser.log_in_with_github()

    assert browser.is_in
    assert browser.post("/sync").status_code == 403
    assert system_status.rows.execute("SELECT count(*) FROM deployments_githubmembership").fetchone() == (0,)


def test_a_member_of_a_listed_organisation_gets_in_and_the_token_lies_encrypted(
    browser: Browser, system_status: SystemStatus
) -> None:
    browser.log_in_with_github()

    token = system_status.rows.execute("SELECT token FROM deployments_githubmembership").fetchone()[0]
    assert browser.is_in
    assert token.startswith("fernet:")
    assert "gho_" not in token


@pytest.mark.parametrize(("visitor", "state"), [("eve", ""), ("mona", "pending")])
def test_anyone_else_does_not(
    browser: Browser, system_status: SystemStatus, visitor: str, state: str
) -> None:
    system_status.github.sign_in.visitor = visitor
    system_status.github.sign_in.members = {"acme": {visitor: state}} if state else {}

    page = browser.log_in_with_github()

    assert NOT_LISTED in page.text
    assert not browser.is_in


@pytest.mark.parametrize(
    "odd",
    [
        {"expires_in": 10**30},
        {"expires_in": "soon"},
        {"name": "Mo\0na"},
        {"id": None, "node_id": []},
        {"login": 5},
    ],
    ids=["forever", "soon", "a NUL", "no id", "no login"],
)
def test_an_answer_of_githubs_that_cannot_be_read_lets_nobody_in_and_is_a_sentence(
    browser: Browser, system_status: SystemStatus, odd: dict[str, object]
) -> None:
    system_status.github.sign_in.odd = odd

    page = browser.log_in_with_github()

    assert page.status_code == 200
    assert "GitHub did not confirm the login." in page.text
    assert not browser.is_in
    assert system_status.rows.execute("SELECT count(*) FROM auth_user").fetchone() == (1,)


def test_no_github_account_is_added_to_an_account_that_is_there(
    mona: Browser, system_status: SystemStatus
) -> None:
    mona.log_in_by_password("mona")
    system_status.github.sign_in.visitor = "octocat"

    mona.log_in_with_github("?process=connect")

    assert system_status.rows.execute("SELECT count(*) FROM socialaccount_socialaccount").fetchone() == (1,)


def test_within_a_day_a_password_lets_in_without_a_question(
    mona: Browser, system_status: SystemStatus
) -> None:
    system_status.github.requests.clear()

    mona.log_in_by_password("mona")

    assert (mona.is_in, system_status.asked()) == (True, 0)


def test_after_a_day_github_is_asked_once(mona: Browser, system_status: SystemStatus) -> None:
    system_status.confirmed(2)
    system_status.github.requests.clear()

    mona.log_in_by_password("mona")
    Browser(mona.url).log_in_by_password("mona")

    assert (mona.is_in, system_status.asked(), system_status.age_in_days()) == (True, 1, 0)


def test_who_has_left_the_organisation_is_turned_away_and_the_audit_says_so(
    mona: Browser, system_status: SystemStatus
) -> None:
    system_status.confirmed(2)
    system_status.github.sign_in.members = {}

    page = mona.log_in_by_password("mona")

    failed = "SELECT count(*) FROM deployments_auditevent WHERE kind = 'login_failed' AND sentence LIKE '%mona failed%'"
    assert NOT_LISTED in page.text
    assert not mona.is_in
    assert system_status.rows.execute(failed).fetchone() == (1,)


def test_so_is_one_with_a_passkey(browser: Browser, system_status: SystemStatus, url: str) -> None:
    browser.log_in_with_github()
    passkey, origin = SoftPasskey("localhost"), url.replace("127.0.0.1", "localhost")
    page = browser.get("/account/passkeys/add").text
    options = json.loads(
        re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)[1]
    )
    challenge = options["creation_options"]["publicKey"]["challenge"]
    handle = options["creation_options"]["publicKey"]["user"]["id"]
    browser.post("/account/passkeys/add", name="Mine", credential=passkey.register(challenge, origin=origin))
    outcomes = []
    for days, members in ((0, {}), (2, {"acme": {"mona": "active"}}), (2, {})):
        system_status.confirmed(days)
        system_status.github.sign_in.members = members
        other = Browser(url)
        asked = other.get("/login/passkey", headers={"X-Requested-With": "XMLHttpRequest"}).json()
        challenge = asked["request_options"]["publicKey"]["challenge"]
        other.post("/login/passkey", credential=passkey.log_in(challenge, origin=origin, user_handle=handle))
        outcomes.append(other.is_in)

    assert outcomes == [True, True, False]


@pytest.mark.parametrize(("days", "gets_in"), [(2, True), (8, False)])
def test_where_github_does_not_answer_its_word_counts_for_a_week(
    mona: Browser, system_status: SystemStatus, days: int, gets_in: bool
) -> None:
    system_status.confirmed(days)
    system_status.github.fail_next(Failure.BAD_GATEWAY)

    page = mona.log_in_by_password("mona")

    assert mona.is_in is gets_in
    assert ("GitHub does not answer" in page.text) is not gets_in


def test_a_token_that_was_revoked_sends_to_github(mona: Browser, system_status: SystemStatus) -> None:
    system_status.confirmed(2)
    system_status.github.sign_in.revoke_tokens()

    page = mona.log_in_by_password("mona")
    is_in = mona.is_in
    mona.log_in_with_github()

    assert AGAIN in page.text
    assert (is_in, mona.is_in) == (False, True)


def test_an_account_of_an_older_release_is_sent_to_github_once(
    mona: Browser, system_status: SystemStatus
) -> None:
    system_status.rows.execute("DELETE FROM deployments_githubmembership")

    page = mona.log_in_by_password("mona")

    assert AGAIN in page.text
    assert not mona.is_in


def test_an_account_that_github_did_not_make_is_not_asked_about(
    mona: Browser, system_status: SystemStatus
) -> None:
    system_status.rows.execute("DELETE FROM socialaccount_socialaccount")
    system_status.github.sign_in.members = {}
    system_status.confirmed(30)

    mona.log_in_by_password("mona")

    assert mona.is_in


def test_who_is_taken_off_the_list_is_turned_away_at_once(
    browser: Browser, system_status: SystemStatus, url: str
) -> None:
    system_status.github.sign_in.visitor = "octocat"
    browser.log_in_with_github()
    browser.post("/account/password/first", password1=PASSWORD, password2=PASSWORD)
    still = Browser(url)
    still.log_in_by_password("octocat")
    system_status.github.requests.clear()

    with system_status.web(GITHUB_LOGIN_ALLOWED="hubot") as later:
        turned_away = Browser(later)
        page = turned_away.log_in_by_password("octocat")

        assert (still.is_in, turned_away.is_in, system_status.asked()) == (True, False, 0)
        assert NOT_LISTED in page.text


def test_a_session_ends_for_who_is_taken_off_the_list(browser: Browser, system_status: SystemStatus) -> None:
    system_status.github.sign_in.visitor = "octocat"
    browser.log_in_with_github()
    was_in = browser.is_in

    with system_status.web(GITHUB_LOGIN_ALLOWED="hubot,org/acme") as later:
        browser.url = later

        assert (was_in, browser.is_in) == (True, False)


@pytest.mark.parametrize("address", ["/me/stars", "/account/check/password"])
def test_who_has_left_the_organisation_changes_nothing_with_a_session_that_is_open(
    browser: Browser, system_status: SystemStatus, address: str
) -> None:
    browser.log_in_with_github()
    system_status.confirmed(2)
    system_status.github.sign_in.members = {}

    page = browser.post(address, password=PASSWORD)

    assert NOT_LISTED in page.text
    assert not browser.is_in


@pytest.mark.parametrize(("days", "is_in"), [(6, True), (8, False)])
def test_a_page_asks_nobody_and_githubs_word_counts_for_a_week(
    browser: Browser, system_status: SystemStatus, days: int, *, is_in: bool
) -> None:
    browser.log_in_with_github()
    system_status.confirmed(days)
    system_status.github.requests.clear()

    assert (browser.is_in, system_status.asked()) == (is_in, 0)


def test_while_github_does_not_answer_a_session_asks_once(
    browser: Browser, system_status: SystemStatus
) -> None:
    browser.log_in_with_github()
    system_status.confirmed(2)
    system_status.github.fail_next(Failure.BAD_GATEWAY)
    system_status.github.requests.clear()

    statuses = [browser.post("/sync").status_code for _ in range(3)]

    # A viewer, who gets the sentence each time.
    assert (statuses, system_status.asked(), browser.is_in) == ([403] * 3, 1, True)
