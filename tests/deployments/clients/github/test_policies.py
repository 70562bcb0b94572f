"""An owner's policy keeps GitHub's own words and their address whole, and gets no advice that does not fit it."""

import pytest

from deployments.clients.github import GitHub, GitHubRefused
from simulators.github import DemoGitHub
from simulators.github.refusals import IP_LIST, LIFETIME_LIMIT, NO_CLASSIC_ONES, OAUTH_RESTRICTION
from tests.deployments.clients.github.questions import about, add_repository, problem_of

POLICIES = [LIFETIME_LIMIT, IP_LIST, OAUTH_RESTRICTION, NO_CLASSIC_ONES]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_is_reported_for_one_site_in_githubs_words_alone(
    github: GitHub, demo_github: DemoGitHub, policy: str
) -> None:
    repository = add_repository(demo_github, "acme/cron")
    repository.policy = policy

    problem = problem_of(github, about(repository))

    assert isinstance(problem.error, GitHubRefused)
    assert str(problem.error) == f"GitHub refuses acme/cron: “{policy.rstrip('.')}”."


@pytest.mark.parametrize("policy", POLICIES)
def test_so_it_is_where_commits_are_compared(github: GitHub, demo_github: DemoGitHub, policy: str) -> None:
    repository = add_repository(demo_github, "acme/cron")
    repository.policy = policy

    with pytest.raises(GitHubRefused) as raised:
        github.compare("acme", "cron", base="a" * 40, head="b" * 40)

    assert str(raised.value) == f"GitHub refuses (HTTP 403): “{policy.rstrip('.')}”."


def test_a_message_without_end_is_cut_between_words(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github, "acme/cron")
    repository.policy = "word " * 1000

    message = str(problem_of(github, about(repository)).error)

    assert len(message) < 1100
    assert message.endswith("word …”.")


def test_a_sign_on_that_is_demanded_comes_with_its_address(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github, "acme/cron")
    repository.is_saml_protected = True

    with pytest.raises(
        GitHubRefused, match=r"single sign-on.* It begins at https://github.com/orgs/acme/sso$"
    ):
        github.compare("acme", "cron", base="a" * 40, head="b" * 40)
