"""When GitHub says no to all of it: limits, tokens, and where the token may not go."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from deployments.clients.github import (
    GitHub,
    GitHubRateLimited,
    GitHubRefused,
)
from simulators.github import DemoGitHub, Failure
from tests.deployments.clients.github.questions import about, add_many, add_repository, heads_in, problems_in


def test_a_rate_limit_keeps_what_is_answered_and_stops_the_rest(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    questions = add_many(demo_github, 100)
    demo_github.limits["graphql"].remaining = 1

    answers = github.heads(questions)

    assert len(heads_in(answers)) == 25
    error = problems_in(answers)[99].error
    assert isinstance(error, GitHubRateLimited)
    resets_at = demo_github.limits["graphql"].resets_at.replace(microsecond=0)
    assert error.resets_at == resets_at
    rounded_up = resets_at + timedelta(seconds=59)
    assert f"GitHub answers again at {rounded_up:%H:%M} UTC" in str(error)
    assert answers.requests == 2


def test_a_secondary_limit_says_until_when_and_stops_the_rest(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    questions = add_many(demo_github, 60)
    demo_github.limits["graphql"].retry_after_seconds = 120
    demo_github.fail_next(Failure.SECONDARY_LIMIT)

    answers = github.heads(questions)

    error = problems_in(answers)[59].error
    assert isinstance(error, GitHubRateLimited)
    assert error.resets_at is not None
    assert timedelta(seconds=110) < error.resets_at - datetime.now(UTC) <= timedelta(seconds=120)
    assert answers.requests == 1


def test_a_bad_token_is_reported_once_and_stops_the_rest(demo_github: DemoGitHub) -> None:
    questions = add_many(demo_github, 60)

    with GitHub(token="wrong", api_url=demo_github.url) as github:
        answers = github.heads(questions)

    assert isinstance(problems_in(answers)[59].error, GitHubRefused)
    assert "set GITHUB_TOKEN" in str(problems_in(answers)[59].error)
    assert answers.requests == 1


def test_a_refused_organization_is_reported_in_githubs_words(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    demo_github.fail_next(Failure.FORBIDDEN)

    answers = github.heads([about(repository)])

    assert "IP allow list" in str(problems_in(answers)["site"].error)


def test_a_token_with_a_line_break_inside_is_refused_without_being_shown_or_sent(
    demo_github: DemoGitHub,
) -> None:
    with GitHub(token="ghp_secret\nghp_other", api_url=demo_github.url) as github:
        answers = github.heads([about(add_repository(demo_github))])

    message = str(problems_in(answers)["site"].error)
    assert "Paste it again" in message
    assert "ghp_" not in message
    assert answers.requests == 0


def test_the_token_is_in_no_log_and_no_problem(
    demo_github: DemoGitHub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    questions = add_many(demo_github, 2)

    with GitHub(token="ghp_secret", api_url=demo_github.url) as github:
        stated = [repr(each) + str(each.error) for each in problems_in(github.heads(questions)).values()]

    assert len(stated) == 2
    assert "ghp_secret" not in "".join(stated) + caplog.text


def test_enterprise_server_is_asked_at_its_own_addresses(demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    api_url = f"{demo_github.url}/api/v3/"

    with GitHub(token=demo_github.token, api_url=api_url) as github:
        answers = github.heads([about(repository)])

    assert len(heads_in(answers)) == 1
    request = demo_github.requests[0].request
    assert request is not None
    assert request.path == "/graphql"
