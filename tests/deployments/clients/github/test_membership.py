"""Whether someone belongs to an organisation, asked with their own token."""

from time import monotonic

import pytest

from deployments.clients.github import GitHubTokenRefused, GitHubUnavailable, is_member
from simulators.github import DemoGitHub, Failure


def ask(github: DemoGitHub, token: str, organisation: str = "acme", *, timeout_seconds: float = 10) -> bool:
    return is_member(
        organisation, token=token, api_url=f"{github.url}/api/v3", timeout_seconds=timeout_seconds
    )


@pytest.fixture
def token(demo_github: DemoGitHub) -> str:
    return demo_github.sign_in.issue("octocat", "read:user read:org")


@pytest.mark.parametrize(("state", "expected"), [("active", True), ("pending", False)])
def test_only_an_active_membership_is_one(
    demo_github: DemoGitHub, token: str, state: str, expected: bool
) -> None:
    demo_github.sign_in.members["acme"] = {"octocat": state}

    assert ask(demo_github, token) is expected


@pytest.mark.parametrize("organisation", ["other", "../../user", "a/b?c#d"])
def test_another_organisation_is_none(demo_github: DemoGitHub, token: str, organisation: str) -> None:
    demo_github.sign_in.members["acme"] = {"octocat": "active"}

    assert not ask(demo_github, token, organisation)


def test_a_token_that_may_not_read_memberships_shows_none(demo_github: DemoGitHub) -> None:
    demo_github.sign_in.members["acme"] = {"octocat": "active"}

    assert not ask(demo_github, demo_github.sign_in.issue("octocat", "read:user"))


def test_a_revoked_token_is_distinguished_from_no_membership(demo_github: DemoGitHub, token: str) -> None:
    demo_github.sign_in.revoke_tokens()

    with pytest.raises(GitHubTokenRefused, match="Log in with GitHub again"):
        ask(demo_github, token)


@pytest.mark.parametrize("failure", [Failure.BAD_GATEWAY, Failure.NOT_JSON, Failure.DROPPED])
def test_no_answer_is_no_no(demo_github: DemoGitHub, token: str, failure: Failure) -> None:
    demo_github.fail_next(failure)

    with pytest.raises(GitHubUnavailable):
        ask(demo_github, token)


def test_silence_is_given_up_at_the_deadline(demo_github: DemoGitHub, token: str) -> None:
    demo_github.fail_next(Failure.HANG)
    began = monotonic()

    with pytest.raises(GitHubUnavailable):
        ask(demo_github, token, timeout_seconds=0.2)

    assert monotonic() - began < 5
