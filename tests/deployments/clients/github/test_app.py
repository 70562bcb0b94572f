"""A GitHub App: one installation, and so one token, for each owner."""

import time
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deployments.clients.github import AppCredentials, GitHub, GitHubRateLimited
from simulators.github import App, DemoGitHub, Failure
from tests.deployments.clients.github.questions import about, add_repository, heads_in, problems_in


@pytest.fixture(scope="module")
def keys() -> App:
    """Making a key takes a while."""
    return App()


@pytest.fixture
def app(keys: App, demo_github: DemoGitHub) -> App:
    keys.installations, keys.token_seconds = {}, 3600
    demo_github.tokens.app = keys
    return keys


@pytest.fixture
def github(app: App, demo_github: DemoGitHub) -> Iterator[GitHub]:
    """The App's client: there is no other token."""
    credentials = AppCredentials(str(app.id), app.private_key)
    with GitHub(
        app=credentials, api_url=demo_github.url, web_url=demo_github.url, timeout_seconds=20
    ) as client:
        yield client


def paths(server: DemoGitHub) -> list[str]:
    return [each.path for each in server.requests]


@pytest.mark.parametrize("kind", ["users", "orgs"])
def test_an_installations_token_reads_its_owners_repositories(
    github: GitHub, app: App, demo_github: DemoGitHub, kind: str
) -> None:
    app.install("icco", kind=kind)
    repository = add_repository(demo_github)

    answers = github.heads([about(repository)])

    assert [each.sha for each in heads_in(answers)] == [repository.head]


def test_the_token_is_kept_between_syncs(github: GitHub, app: App, demo_github: DemoGitHub) -> None:
    app.install("icco")
    question = about(add_repository(demo_github))
    github.heads([question])
    demo_github.requests.clear()

    github.heads([question])

    assert paths(demo_github) == ["/graphql"]


def test_a_token_that_expires_within_five_minutes_is_renewed(
    github: GitHub, app: App, demo_github: DemoGitHub
) -> None:
    number = app.install("icco")
    app.token_seconds = 290
    question = about(add_repository(demo_github))
    github.heads([question])
    demo_github.requests.clear()

    github.heads([question])

    assert paths(demo_github) == [f"/app/installations/{number}/access_tokens", "/graphql"]


def test_a_token_that_was_revoked_is_replaced_at_the_next_sync(
    github: GitHub, app: App, demo_github: DemoGitHub
) -> None:
    app.install("icco")
    question = about(add_repository(demo_github))
    github.heads([question])
    demo_github.tokens.revoke_issued()

    refused, answered = github.heads([question]), github.heads([question])

    assert "the next sync asks for a new one" in str(problems_in(refused)["site"].error)
    assert len(heads_in(answered)) == 1


def test_each_owner_has_its_own_installation(github: GitHub, app: App, demo_github: DemoGitHub) -> None:
    app.install("icco")
    app.install("acme", kind="orgs")
    questions = [about(add_repository(demo_github, f"{owner}/x"), key=owner) for owner in ("icco", "acme")]

    answers = github.heads(questions)

    assert {each.key for each in heads_in(answers)} == {"icco", "acme"}


def test_an_owner_without_the_app_is_read_by_git(github: GitHub, app: App, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)

    answers = github.heads([about(repository)])

    head = heads_in(answers)[0]
    assert (head.sha, head.check_state, head.behind_by) == (repository.head, "unknown", None)


def test_another_key_is_reported_as_such(app: App, demo_github: DemoGitHub) -> None:
    app.install("icco")
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    credentials = AppCredentials(str(app.id), other.decode())

    with GitHub(app=credentials, api_url=demo_github.url) as github:
        answers = github.heads([about(add_repository(demo_github))])

    assert "does not accept the App's key. Check GITHUB_APP_ID" in str(problems_in(answers)["site"].error)


@pytest.mark.parametrize(
    "key", ["", "hello", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_what_is_no_key_is_reported_without_being_shown(key: str, app: App, demo_github: DemoGitHub) -> None:
    with GitHub(app=AppCredentials("1", key), api_url=demo_github.url) as github:
        answers = github.heads([about(add_repository(demo_github))])

    error = problems_in(answers)["site"].error
    assert "GITHUB_APP_PRIVATE_KEY is not a private key" in str(error)
    assert error.__cause__ is None


def test_a_key_written_in_one_line_is_read(app: App, demo_github: DemoGitHub) -> None:
    app.install("icco")
    credentials = AppCredentials(app.client_id, app.private_key.replace("\n", "\\n"))

    with GitHub(app=credentials, api_url=demo_github.url) as github:
        answers = github.heads([about(add_repository(demo_github))])

    assert len(heads_in(answers)) == 1


def test_the_apps_own_token_lives_less_than_ten_minutes(app: App) -> None:
    import jwt

    from deployments.clients.github.app import signed

    claims = jwt.decode(
        signed(AppCredentials(str(app.id), app.private_key)), options={"verify_signature": False}
    )

    assert claims["iss"] == str(app.id)
    assert claims["iat"] <= time.time() - 60
    assert 0 < claims["exp"] - time.time() <= 600


def test_a_limit_on_the_app_itself_rests_the_app(github: GitHub, app: App, demo_github: DemoGitHub) -> None:
    app.install("icco")
    demo_github.fail_next(Failure.SECONDARY_LIMIT)

    answers = github.heads([about(add_repository(demo_github))])

    assert isinstance(problems_in(answers)["site"].error, GitHubRateLimited)
    assert list(answers.limits) == ["GitHub App"]
    assert answers.requests == 1


def test_an_uninstalled_app_leaves_the_owner_to_git(
    github: GitHub, app: App, demo_github: DemoGitHub
) -> None:
    app.install("icco")
    app.token_seconds = 10
    question = about(add_repository(demo_github))
    github.heads([question])
    app.uninstall("icco")

    answers = github.heads([question])

    assert heads_in(answers)[0].check_state == "unknown"
