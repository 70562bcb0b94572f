"""What a token may not read: GitHub leaves those fields out, with an error for each, and the rest of the answer is good."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from deployments.clients.github import AppCredentials, GitHub, GitHubRefused
from simulators.github import App, DemoGitHub, Repository
from simulators.github.permissions import ALL_PERMISSIONS
from tests.deployments.clients.github.questions import about, add_repository, head_of, problem_of

Limited = Callable[[str], GitHub]


@pytest.fixture(scope="module")
def key() -> App:
    """Making a key takes a while."""
    return App()


@pytest.fixture
def cron(demo_github: DemoGitHub) -> Repository:
    repository = add_repository(demo_github)
    repository.set_checks(repository.head, "SUCCESS")
    return repository


@pytest.fixture
def token_without(demo_github: DemoGitHub) -> Iterator[Limited]:
    """The client with a fine-grained token that lacks one permission."""
    with GitHub(token=demo_github.token, api_url=demo_github.url) as client:

        def limited(name: str) -> GitHub:
            demo_github.tokens.permissions[demo_github.token] = without(name, "checks")
            return client

        yield limited


@pytest.fixture
def app_without(demo_github: DemoGitHub, key: App) -> Iterator[Limited]:
    """The client with an App whose installation lacks one permission."""
    demo_github.tokens.app = key
    key.installations = {}
    key.install("icco")
    credentials = AppCredentials(str(key.id), key.private_key)
    with GitHub(app=credentials, api_url=demo_github.url, web_url=demo_github.url) as client:

        def limited(name: str) -> GitHub:
            key.permissions = without(name)
            return client

        yield limited


def without(*names: str) -> dict[str, str]:
    return {name: level for name, level in ALL_PERMISSIONS.items() if name not in names}


def test_a_fine_grained_token_needs_no_checks_to_read_the_check_state(
    token_without: Limited, cron: Repository
) -> None:
    head = head_of(token_without("checks"), about(cron))

    assert (head.check_state, head.check_problem) == ("success", "")


def test_without_commit_statuses_the_rest_is_read_and_the_token_is_to_get_them(
    token_without: Limited, cron: Repository
) -> None:
    head = head_of(token_without("statuses"), about(cron, running=cron.graph.commits[0].sha))

    assert (head.sha, head.behind_by, head.check_state) == (cron.head, 2, "unknown")
    assert head.check_problem == (
        "GitHub says “Resource not accessible by personal access token”. Grant the token to read commit statuses."
    )


@pytest.mark.parametrize("name", ["checks", "statuses"])
def test_without_checks_or_statuses_the_rest_is_read_and_the_app_is_to_get_them(
    app_without: Limited, cron: Repository, name: str
) -> None:
    head = head_of(app_without(name), about(cron, running=cron.graph.commits[0].sha))

    assert (head.sha, head.behind_by, head.check_state) == (cron.head, 2, "unknown")
    assert head.check_problem == (
        "GitHub says “Resource not accessible by integration”. Grant the App to read checks and commit statuses."
    )


def test_without_contents_the_token_is_to_get_them(token_without: Limited, cron: Repository) -> None:
    problem = problem_of(token_without("contents"), about(cron, running=cron.head))

    assert isinstance(problem.error, GitHubRefused)
    assert str(problem.error) == (
        "GitHub refuses icco/cron: “Resource not accessible by personal access token”. "
        "Grant the token this repository, and to read its contents, metadata and commit statuses."
    )


def test_without_contents_the_app_is_to_get_them(app_without: Limited, cron: Repository) -> None:
    problem = problem_of(app_without("contents"), about(cron, running=cron.head))

    assert isinstance(problem.error, GitHubRefused)
    assert str(problem.error) == (
        "GitHub refuses icco/cron: “Resource not accessible by integration”. "
        "Grant the App to read checks, contents, metadata and commit statuses, and have the owner accept that."
    )


def test_without_contents_a_comparison_names_the_permission(app_without: Limited, cron: Repository) -> None:
    base, head = (each.sha for each in cron.graph.commits[:2])

    with pytest.raises(
        GitHubRefused, match=r"not accessible by integration”\. Grant the token contents=read"
    ):
        app_without("contents").compare("icco", "cron", base=base, head=head)


def test_a_comparison_of_someone_elses_repository_is_not_shown(demo_github: DemoGitHub) -> None:
    theirs = add_repository(demo_github, "acme/secret")
    demo_github.tokens.of_owner = {"ghp_icco": "icco"}

    with (
        GitHub(token="ghp_icco", api_url=demo_github.url) as github,
        pytest.raises(Exception, match="no access to it"),
    ):
        github.compare("acme", "secret", base=theirs.head, head=theirs.head)


def test_the_ci_of_other_commits_that_a_token_may_not_read_is_not_known(
    cron: Repository, app_without: Limited
) -> None:
    other = cron.head
    cron.commit("Newer")

    head = head_of(app_without("checks"), replace(about(cron), others=(other,)))

    assert head.other_states == {other: "unknown"}
