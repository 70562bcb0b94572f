"""One answer of GitHub's, good in parts: an error with a path is about that field and no other."""

import json
from typing import Any

import pytest

from deployments.clients.github import GitHub, GitHubRateLimited, Head, HeadProblem, HeadQuestion
from simulators.github import DemoGitHub
from simulators.loopback import Response
from tests.deployments.clients.github.questions import Serve, add_many, heads_in

SHA, RUNNING = "a" * 40, "b" * 40
QUESTION = HeadQuestion(key="site", owner="icco", repository="cron", running=RUNNING)
TARGET = {
    "__typename": "Commit",
    "oid": SHA,
    "messageHeadline": "Fix",
    "committedDate": "2026-11-01T12:00:00Z",
    "author": None,
    "statusCheckRollup": {"state": "SUCCESS"},
}


def error(*path: str, kind: str = "FORBIDDEN", message: str = "No.") -> dict[str, Any]:
    return {"type": kind, "path": ["r0", *path], "message": message}


def asked(serve: Serve, *errors: dict[str, Any], **given: Any) -> Head | HeadProblem:
    """What the client makes of a repository without what the errors are about."""
    node = {"databaseId": 1, "nameWithOwner": "icco/cron", "isArchived": False, "isEmpty": False}
    tip = {"name": "main", "target": TARGET, "compare": {"aheadBy": 0, "behindBy": 2}}
    running = {"__typename": "Commit", "oid": RUNNING}
    body = {"data": {"r0": node | {"head": tip, "running": running} | given}, "errors": list(errors)}
    api_url = serve(Response(body=json.dumps(body).encode()))
    with GitHub(token="token", api_url=api_url) as github:
        return github.heads([QUESTION]).heads["site"]


def without(**fields: Any) -> dict[str, Any]:
    return {"name": "main", "target": TARGET, "compare": {"aheadBy": 0, "behindBy": 2}} | fields


@pytest.mark.parametrize("errors", [(), (error("head", "compare", kind="NOT_FOUND"),)])
def test_a_comparison_that_is_null_leaves_the_rest(serve: Serve, errors: tuple[dict[str, Any], ...]) -> None:
    head = asked(serve, *errors, head=without(compare=None))

    assert isinstance(head, Head)
    assert (head.sha, head.check_state, head.behind_by, head.ahead_by) == (SHA, "success", None, None)


@pytest.mark.parametrize(
    ("errors", "running_sha"),
    [((), ""), ((error("running", kind="NOT_FOUND"),), ""), ((error("running"),), None)],
)
def test_a_running_commit_is_unknown_only_where_github_could_look(
    serve: Serve, errors: tuple[dict[str, Any], ...], running_sha: str | None
) -> None:
    head = asked(serve, *errors, running=None)

    assert isinstance(head, Head)
    assert (head.sha, head.running_sha) == (SHA, running_sha)


def test_a_tip_that_may_not_be_read_is_no_branch_without_a_commit(serve: Serve) -> None:
    answer = asked(serve, error("head", "target"), head=without(target=None))

    assert isinstance(answer, HeadProblem)
    assert str(answer.error).startswith("GitHub refuses icco/cron: “No”.")


def test_checks_that_github_could_not_gather_are_queried_again(serve: Serve) -> None:
    problem = error("head", "target", "statusCheckRollup", kind="INTERNAL", message="Timed out.")

    head = asked(serve, problem, head=without(target=TARGET | {"statusCheckRollup": None}))

    assert isinstance(head, Head)
    assert (head.check_state, head.check_problem) == (
        "unknown",
        "GitHub says “Timed out”: the next sync asks again.",
    )


def test_what_exceeded_the_limits_of_one_request_is_queried_in_smaller_ones(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    questions = add_many(demo_github, 25)
    demo_github.most_answers = 10

    answers = github.heads(questions)

    assert len(heads_in(answers)) == 25
    assert answers.requests == 3


@pytest.mark.parametrize("kind", ["MAX_NODE_LIMIT_EXCEEDED", "RESOURCE_LIMITS_EXCEEDED", "TIMEOUT"])
def test_a_request_that_is_too_large_as_a_whole_is_asked_by_halves(serve: Serve, kind: str) -> None:
    body = json.dumps({"data": None, "errors": [{"type": kind, "message": "Too much."}]}).encode()
    questions = [HeadQuestion(key=name, owner="icco", repository=name) for name in ("cron", "writing")]

    with GitHub(token="token", api_url=serve(Response(body=body))) as github:
        answers = github.heads(questions)

    assert answers.requests == 3


def test_a_question_that_exceeds_them_alone_is_that_sites_trouble(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    questions = add_many(demo_github, 25)
    demo_github.most_answers = 0

    answers = github.heads(questions)

    assert heads_in(answers) == []
    assert answers.requests < 20


@pytest.mark.parametrize(
    "body",
    [
        {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."},
        {"errors": [{"message": "You have exceeded a secondary rate limit."}]},
        {"data": None, "errors": [{"type": "RATE_LIMITED", "message": "Slow down."}]},
    ],
)
@pytest.mark.parametrize(("headers", "is_stated"), [({}, False), ({"Retry-After": "90"}, True)])
def test_a_limit_that_comes_with_status_200_is_one(
    serve: Serve, body: dict[str, Any], headers: dict[str, str], *, is_stated: bool
) -> None:
    api_url = serve(Response(headers=headers, body=json.dumps(body).encode()))
    questions = [HeadQuestion(key=name, owner="icco", repository=name) for name in ("cron", "writing")]

    with GitHub(token="token", api_url=api_url) as github:
        answers = github.heads(questions)

    limit = answers.limits["GITHUB_TOKEN"]
    assert isinstance(limit, GitHubRateLimited)
    assert (limit.is_stated, limit.is_secondary, answers.requests) == (is_stated, True, 1)


@pytest.mark.parametrize("path", [5, "r0", {"r0": 1}, [5], [["r0"]], [], None, True])
def test_an_error_whose_path_is_none_is_an_error_of_the_whole_answer(serve: Serve, path: Any) -> None:
    answer = asked(serve, {"type": "FORBIDDEN", "path": path, "message": "No."})

    assert isinstance(answer, HeadProblem)
    assert "“No”" in str(answer.error)


@pytest.mark.parametrize(
    "odd",
    [
        {"type": ["FORBIDDEN"]},
        {"extensions": "x"},
        {"extensions": 5},
        {"message": {"a": "\x00"}},
        {"type": 5, "message": None},
    ],
)
def test_an_error_of_the_wrong_kind_is_still_this_sites_alone(serve: Serve, odd: dict[str, Any]) -> None:
    answer = asked(serve, error() | odd, head=None)

    assert isinstance(answer, HeadProblem)
    assert "\x00" not in str(answer.error)


@pytest.mark.parametrize("oid", ["abc", "A" * 40, f"{SHA}\n", 5, None])
def test_a_commit_whose_id_is_none_is_this_sites_trouble(serve: Serve, oid: Any) -> None:
    answer = asked(serve, head=without(target=TARGET | {"oid": oid}))

    assert isinstance(answer, HeadProblem)


@pytest.mark.parametrize("number", [2**40, -1, "3", 1.5])
def test_a_count_that_cannot_be_kept_is_not_known(serve: Serve, number: Any) -> None:
    head = asked(serve, head=without(compare={"aheadBy": number, "behindBy": number}))

    assert isinstance(head, Head)
    assert (head.behind_by, head.ahead_by) == (None, None)
