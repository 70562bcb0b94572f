"""The commits that would ship."""

from contextlib import ExitStack

import pytest

from deployments.clients.github import (
    GitHub,
    GitHubNotFound,
    GitHubRateLimited,
    GitHubRefused,
    GitHubUnavailable,
)
from simulators.github import DemoGitHub, Failure
from simulators.loopback import LoopbackServer, Request, Response
from tests.deployments.clients.github.questions import START, add_repository


def test_the_commits_between_two_come_oldest_first(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github, commits=4)
    shas = [each.sha for each in repository.graph.commits]

    comparison = github.compare("icco", "cron", base=shas[0], head=shas[3])

    assert [each.sha for each in comparison.commits] == shas[1:]
    assert (comparison.total, comparison.status) == (3, "ahead")


def test_a_commit_says_who_when_and_where(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github, commits=1)
    base = repository.head
    head = repository.commit("Fix the feed\n\nIt was empty.", at=START)

    commit = github.compare("icco", "cron", base=base, head=head).commits[0]

    assert (commit.headline, commit.author, commit.committed_at) == ("Fix the feed", "icco", START)
    assert commit.url == f"https://github.com/icco/cron/commit/{head}"


def test_merged_commits_are_all_among_them(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github, commits=1)
    base = repository.head
    repository.create_branch("side", base)
    side = repository.commit("On the side", branch="side")
    main = repository.commit("On main")
    merge = repository.merge("side", "Merge")

    comparison = github.compare("icco", "cron", base=base, head=merge)

    assert {each.sha for each in comparison.commits} == {side, main, merge}


@pytest.mark.parametrize(("commits", "kept"), [(100, 100), (101, 101), (250, 250), (260, 250), (730, 250)])
def test_the_newest_250_are_kept_and_the_total_is_true(
    github: GitHub, demo_github: DemoGitHub, commits: int, kept: int
) -> None:
    repository = add_repository(demo_github, commits=commits + 1)
    shas = [each.sha for each in repository.graph.commits]

    comparison = github.compare("icco", "cron", base=shas[0], head=shas[-1])

    assert comparison.total == commits
    assert [each.sha for each in comparison.commits] == shas[-kept:]
    assert len(demo_github.requests) <= 5


def test_megabytes_of_patches_are_not_read(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github, commits=101)
    demo_github.patch_bytes = 200_000
    shas = [each.sha for each in repository.graph.commits]

    comparison = github.compare("icco", "cron", base=shas[0], head=shas[-1])

    assert [each.sha for each in comparison.commits] == shas[1:]


def test_the_same_commit_twice_is_identical(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)

    comparison = github.compare("icco", "cron", base=repository.head, head=repository.head)

    assert (comparison.commits, comparison.total, comparison.status) == ((), 0, "identical")


def test_a_renamed_repository_is_followed(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github, commits=120)
    shas = [each.sha for each in repository.graph.commits]
    repository.rename("clock")

    comparison = github.compare("icco", "cron", base=shas[0], head=shas[-1])

    assert [each.sha for each in comparison.commits] == shas[1:]


@pytest.mark.parametrize("base", ["f" * 40, "1234567"])
def test_an_unknown_commit_is_not_found(github: GitHub, demo_github: DemoGitHub, base: str) -> None:
    repository = add_repository(demo_github)

    with pytest.raises(GitHubNotFound, match="no such repository or commit"):
        github.compare("icco", "cron", base=base, head=repository.head)


def test_single_sign_on_says_to_authorize_the_token(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    repository.is_saml_protected = True

    with pytest.raises(GitHubRefused, match="Authorize the token"):
        github.compare("icco", "cron", base=repository.head, head=repository.head)


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Failure.BAD_GATEWAY, GitHubUnavailable),
        (Failure.TRUNCATED, GitHubUnavailable),
        (Failure.NOT_JSON, GitHubUnavailable),
        pytest.param(Failure.HANG, GitHubUnavailable, marks=pytest.mark.impatient),
        (Failure.RATE_LIMITED, GitHubRateLimited),
        (Failure.SECONDARY_LIMIT, GitHubRateLimited),
        (Failure.UNAUTHORIZED, GitHubRefused),
    ],
)
def test_a_failure_is_a_typed_error(
    github: GitHub, demo_github: DemoGitHub, failure: Failure, error: type[Exception]
) -> None:
    repository = add_repository(demo_github)
    demo_github.fail_next(failure, times=2)

    with pytest.raises(error):
        github.compare("icco", "cron", base=repository.head, head=repository.head)


def test_the_token_goes_to_no_other_host() -> None:
    seen: list[Request] = []

    with ExitStack() as running:
        other = LoopbackServer(lambda request: seen.append(request) or Response(status=404)).start()
        running.callback(other.stop)
        location = {"Location": f"http://{other.host}/repositories/1/compare/a...b"}
        redirecting = LoopbackServer(lambda _: Response(status=301, headers=location)).start()
        running.callback(redirecting.stop)
        github = running.enter_context(GitHub(token="ghp_secret", api_url=f"http://{redirecting.host}"))

        with pytest.raises(GitHubRefused, match="another host"):
            github.compare("icco", "cron", base="a" * 40, head="b" * 40)

    assert seen == []
