"""Many sites in few requests, and what one site's trouble does to the others: nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deployments.clients.github import (
    Answers,
    GitHub,
    GitHubNotFound,
    GitHubUnavailable,
    HeadQuestion,
)
from simulators.github import DemoGitHub, Failure
from tests.deployments.clients.github.questions import add_many, add_repository, heads_in, problems_in


def test_34_repositories_are_two_requests_of_one_point(github: GitHub, demo_github: DemoGitHub) -> None:
    questions = add_many(demo_github, 34)

    answers = github.heads(questions)

    assert len(heads_in(answers)) == 34
    assert answers.requests == len(demo_github.requests) == 2
    assert demo_github.limits["graphql"].used == 2


def test_one_repository_missing_among_34_leaves_33_answers_right(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    questions = add_many(demo_github, 34)
    demo_github.repositories["icco/site-7"].delete()

    answers = github.heads(questions)

    assert isinstance(problems_in(answers).pop(7).error, GitHubNotFound)
    for head in heads_in(answers):
        assert head.sha == demo_github.repositories[f"icco/site-{head.key}"].head
        assert head.behind_by == 2
    assert len(heads_in(answers)) == 33


def test_nothing_asked_is_no_request(github: GitHub) -> None:
    assert github.heads([]) == Answers(heads={}, requests=0, budget=None)


def test_two_sites_of_one_repository_ask_once_and_both_are_answered(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    add_repository(demo_github)
    questions = [
        HeadQuestion(key="first", owner="icco", repository="cron"),
        HeadQuestion(key="second", owner="Icco", repository="Cron"),
    ]

    answers = github.heads(questions)

    assert {each.key for each in heads_in(answers)} == {"first", "second"}
    request = demo_github.requests[0].request
    assert request is not None
    assert request.body.count(b"repository(") == 1


def test_two_apps_of_one_repository_learn_the_ci_of_the_commits_that_each_asks_about(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    repository = add_repository(demo_github, commits=4)
    green, red, both, _ = (each.sha for each in repository.graph.commits)
    for sha, state in ((green, "SUCCESS"), (red, "FAILURE"), (both, "PENDING")):
        repository.set_checks(sha, state)
    asked = HeadQuestion(key="api", owner="icco", repository="cron", others=(green, both))
    questions = [asked, replace(asked, key="web", others=(both, red)), replace(asked, key="job", others=())]

    answers = github.heads(questions)

    states = {each.key: each.other_states for each in heads_in(answers)}
    assert states["api"].items() >= {green: "success", both: "pending"}.items()
    assert states["web"].items() >= {red: "failure", both: "pending"}.items()
    assert "job" in states
    assert len(demo_github.requests) == 1


def test_the_budget_is_what_github_says_is_left(github: GitHub, demo_github: DemoGitHub) -> None:
    questions = add_many(demo_github, 1)
    demo_github.limits["graphql"].remaining = 4000

    budget = github.heads(questions).budget

    assert budget is not None
    assert (budget.limit, budget.remaining) == (5000, 3999)
    assert timedelta(minutes=59) < budget.resets_at - datetime.now(UTC) <= timedelta(hours=1)


@pytest.mark.parametrize(
    "failure",
    [
        Failure.BAD_GATEWAY,
        Failure.SOMETHING_WENT_WRONG,
        Failure.RESOURCE_LIMITS,
        Failure.TRUNCATED,
        Failure.NOT_JSON,
    ],
)
def test_a_failing_batch_is_halved_down_to_the_one_at_fault(
    github: GitHub, demo_github: DemoGitHub, failure: Failure
) -> None:
    questions = add_many(demo_github, 25)
    demo_github.poison("icco/site-11", failure)

    answers = github.heads(questions)

    assert len(heads_in(answers)) == 24
    assert isinstance(problems_in(answers)[11].error, GitHubUnavailable)
    assert answers.requests <= 11


def test_two_at_fault_side_by_side_leave_the_others_right(github: GitHub, demo_github: DemoGitHub) -> None:
    questions = add_many(demo_github, 25)
    demo_github.poison("icco/site-0", Failure.BAD_GATEWAY)
    demo_github.poison("icco/site-1", Failure.BAD_GATEWAY)

    answers = github.heads(questions)

    assert set(problems_in(answers)) == {0, 1}


def test_faults_far_apart_are_each_found(github: GitHub, demo_github: DemoGitHub) -> None:
    questions = add_many(demo_github, 75)
    at_fault = {3, 20, 40, 60}
    for number in at_fault:
        demo_github.poison(f"icco/site-{number}", Failure.BAD_GATEWAY)

    answers = github.heads(questions)

    assert set(problems_in(answers)) == at_fault


def test_a_site_that_makes_github_hang_leaves_the_others_right(demo_github: DemoGitHub) -> None:
    questions = add_many(demo_github, 4)
    demo_github.poison("icco/site-3", Failure.HANG)

    with GitHub(token=demo_github.token, api_url=demo_github.url, timeout_seconds=3) as github:
        answers = github.heads(questions)

    assert set(problems_in(answers)) == {3}
    assert "did not answer within 3 seconds" in str(problems_in(answers)[3].error)


def test_too_many_aliases_for_github_are_split(github: GitHub, demo_github: DemoGitHub) -> None:
    questions = add_many(demo_github, 25)
    demo_github.max_aliases = 10

    answers = github.heads(questions)

    assert len(heads_in(answers)) == 25


def test_a_github_that_always_fails_is_not_asked_again_and_again(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    questions = add_many(demo_github, 100)
    demo_github.fail_next(Failure.BAD_GATEWAY, times=1000)

    answers = github.heads(questions)

    assert len(problems_in(answers)) == 100
    assert answers.requests < 10


def test_a_connection_that_drops_once_is_no_trouble_for_anyone(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    questions = add_many(demo_github, 3)
    demo_github.fail_next(Failure.DROPPED)

    answers = github.heads(questions)

    assert len(heads_in(answers)) == 3


def test_an_unreachable_github_is_asked_once(demo_github: DemoGitHub) -> None:
    questions = add_many(demo_github, 60)
    demo_github.stop()

    with GitHub(token="token", api_url=demo_github.url, timeout_seconds=1) as github:
        answers = github.heads(questions)

    assert answers.requests == 1
    assert "GitHub cannot be reached" in str(problems_in(answers)[59].error)
