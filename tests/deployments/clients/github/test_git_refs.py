"""Without a token: public repositories by Git's own protocol, and what it cannot say stays unknown."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from deployments.clients.github import (
    GitHub,
    GitHubNotFound,
    GitHubRateLimited,
    GitHubRefused,
    GitHubUnavailable,
    HeadQuestion,
)
from simulators.github import DemoGitHub, Failure
from simulators.loopback import LoopbackServer, Request, Response
from tests.deployments.clients.github.questions import about, add_many, add_repository, heads_in, problems_in
from tests.timeouts import timeout_seconds


@pytest.fixture
def github(request: pytest.FixtureRequest, demo_github: DemoGitHub) -> Iterator[GitHub]:
    seconds = timeout_seconds(request)
    with GitHub(api_url=demo_github.url, web_url=demo_github.url, timeout_seconds=seconds) as client:
        yield client


def test_the_default_branch_is_found(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    repository.rename_branch("main", "trunk")

    head = heads_in(github.heads([about(repository)]))[0]

    assert (head.branch, head.sha, head.name_with_owner) == ("trunk", repository.head, "icco/cron")


def test_what_git_does_not_tell_is_not_known_and_never_zero(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    older = repository.graph.commits[0].sha

    head = heads_in(github.heads([about(repository, running=older)]))[0]

    assert (head.behind_by, head.ahead_by, head.check_state) == (None, None, "unknown")
    assert (head.repository_id, head.committed_at, head.is_archived, head.running_sha) == (None,) * 4


@pytest.mark.parametrize("digits", [7, 40])
def test_the_head_itself_is_not_behind(github: GitHub, demo_github: DemoGitHub, digits: int) -> None:
    repository = add_repository(demo_github)

    head = heads_in(github.heads([about(repository, running=repository.head[:digits])]))[0]

    assert (head.behind_by, head.ahead_by, head.running_sha) == (0, 0, repository.head)


def test_a_named_branch_is_read(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    older = repository.graph.commits[0].sha
    repository.create_branch("release", older)

    head = heads_in(github.heads([about(repository, branch="release")]))[0]

    assert (head.branch, head.sha) == ("release", older)


def test_a_missing_branch_has_its_sentence(github: GitHub, demo_github: DemoGitHub) -> None:
    answers = github.heads([about(add_repository(demo_github), branch="gone")])

    assert str(problems_in(answers)["site"].error).startswith("icco/cron has no branch “gone”")


def test_a_renamed_branch_is_reported_with_the_default_ones_name(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    repository = add_repository(demo_github)
    repository.rename_branch("main", "trunk")

    answers = github.heads([about(repository, branch="main")])

    assert str(problems_in(answers)["site"].error).endswith("leave it empty for the default one, “trunk”.")


def test_a_branch_of_an_empty_repository_is_reported_as_an_empty_repository(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    repository = add_repository(demo_github, commits=0)

    answers = github.heads([about(repository, branch="main")])

    assert str(problems_in(answers)["site"].error) == "icco/cron is empty. Push a first commit to it."


def test_an_empty_repository_has_its_sentence(github: GitHub, demo_github: DemoGitHub) -> None:
    answers = github.heads([about(add_repository(demo_github, commits=0))])

    assert str(problems_in(answers)["site"].error) == "icco/cron is empty. Push a first commit to it."


def test_a_private_repository_wants_a_token(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    repository.is_private = True

    error = problems_in(github.heads([about(repository)]))["site"].error

    assert isinstance(error, GitHubNotFound)
    assert "give Headway a token" in str(error)


def test_a_rename_is_followed_and_reported(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    question = about(repository)
    repository.rename("clock")

    head = heads_in(github.heads([question]))[0]

    assert (head.sha, head.name_with_owner) == (repository.head, "icco/clock")


def test_34_repositories_are_68_small_requests_and_one_missing_leaves_33_right(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    questions = add_many(demo_github, 34)
    demo_github.repositories["icco/site-7"].delete()

    answers = github.heads(questions)

    assert set(problems_in(answers)) == {7}
    assert len(heads_in(answers)) == 33
    assert answers.requests == 67


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Failure.BAD_GATEWAY, "HTTP 502"),
        (Failure.NOT_JSON, "not git's"),
        (Failure.TRUNCATED, ""),
        (Failure.DROPPED, "cannot be reached"),
        pytest.param(Failure.HANG, "did not answer within 3 seconds", marks=pytest.mark.impatient),
    ],
)
def test_one_that_fails_leaves_the_others_right(
    github: GitHub, demo_github: DemoGitHub, failure: Failure, words: str
) -> None:
    questions = add_many(demo_github, 6)
    demo_github.poison("icco/site-3", failure)

    answers = github.heads(questions)

    assert set(problems_in(answers)) == {3}
    assert isinstance(problems_in(answers)[3].error, GitHubUnavailable)
    assert words in str(problems_in(answers)[3].error)


def test_a_rate_limit_stops_the_asking(github: GitHub, demo_github: DemoGitHub) -> None:
    questions = add_many(demo_github, 34)
    for number in range(34):
        demo_github.poison(f"icco/site-{number}", Failure.SECONDARY_LIMIT)

    answers = github.heads(questions)

    assert all(isinstance(each.error, GitHubRateLimited) for each in problems_in(answers).values())
    assert list(answers.limits) == ["no token"]
    assert answers.requests <= 4


def test_a_host_that_is_down_is_not_asked_34_times(demo_github: DemoGitHub) -> None:
    questions = add_many(demo_github, 34)
    demo_github.stop()

    with GitHub(api_url=demo_github.url, web_url=demo_github.url, timeout_seconds=1) as github:
        answers = github.heads(questions)

    assert len(problems_in(answers)) == 34
    assert answers.requests <= 8


def test_another_host_is_not_asked_even_when_redirected() -> None:
    asked: list[Request] = []

    def elsewhere(request: Request) -> Response:
        asked.append(request)
        return Response()

    with (
        serving(elsewhere) as other,
        serving(lambda _: redirect(f"http://{other.host}/x.git/info/refs")) as host,
    ):
        url = f"http://{host.host}"
        with GitHub(api_url=url, web_url=url, timeout_seconds=20) as github:
            answers = github.heads([HeadQuestion(key="site", owner="icco", repository="cron")])

    assert isinstance(problems_in(answers)["site"].error, GitHubRefused)
    assert asked == []


def test_a_list_of_refs_without_gits_own_type_is_not_believed() -> None:
    body = b"9f3c1d7a52e64b08a1c7de3390b4f8126a5d0e7b\trefs/heads/main\n"

    with serving(lambda _: Response(headers={"Content-Type": "text/plain"}, body=body)) as host:
        url = f"http://{host.host}"
        with GitHub(api_url=url, web_url=url, timeout_seconds=20) as github:
            answers = github.heads([HeadQuestion(key="site", owner="icco", repository="cron")])

    assert isinstance(problems_in(answers)["site"].error, GitHubUnavailable)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_itself_reads_the_demos_refs(demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)

    stated = subprocess.run(
        ["git", "-c", "protocol.version=2", "ls-remote", "--symref", f"{demo_github.url}/icco/cron", "HEAD"],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )

    assert stated.stdout.splitlines() == ["ref: refs/heads/main\tHEAD", f"{repository.head}\tHEAD"]


@contextmanager
def serving(answer: Callable[[Request], Response]) -> Iterator[LoopbackServer]:
    server = LoopbackServer(answer).start()
    yield server
    server.stop()


def redirect(location: str) -> Response:
    return Response(status=301, headers={"Location": location})
