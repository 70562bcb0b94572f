"""What is read of a repository."""

from dataclasses import replace

import pytest

from deployments.clients.github import GitHub, GitHubNotFound, GitHubRefused, Head, HeadQuestion
from simulators.github import DemoGitHub
from tests.deployments.clients.github.questions import START, about, add_repository, head_of, problem_of


def test_a_head_says_what_the_newest_commit_is(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github, commits=0)
    sha = repository.commit("Fix the feed\n\nIt was empty.", at=START)

    head = head_of(github, about(repository))

    assert head == Head(
        key="site",
        repository_id=repository.id,
        name_with_owner="icco/cron",
        branch="main",
        sha=sha,
        headline="Fix the feed",
        author="icco",
        committed_at=START,
        check_state="none",
        is_archived=False,
        running_sha="",
        behind_by=None,
        ahead_by=None,
    )


def test_the_default_branch_is_found_automatically_after_it_was_renamed(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    repository = add_repository(demo_github)
    repository.rename_branch("main", "trunk")

    head = head_of(github, about(repository))

    assert (head.branch, head.sha) == ("trunk", repository.head)


def test_a_branch_with_a_slash_can_be_queried(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    first = repository.graph.commits[0].sha
    repository.create_branch("release/1", first)

    head = head_of(github, about(repository, branch="release/1"))

    assert (head.branch, head.sha) == ("release/1", first)


def test_a_branch_that_is_gone_says_to_correct_the_site(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)

    problem = problem_of(github, about(repository, branch="master"))

    assert isinstance(problem.error, GitHubNotFound)
    assert "no branch “master”. Correct the site's branch" in str(problem.error)


def test_a_renamed_branch_is_reported_with_the_default_ones_name(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    repository = add_repository(demo_github)
    repository.rename_branch("main", "trunk")

    problem = problem_of(github, about(repository, branch="main"))

    assert str(problem.error) == (
        "icco/cron has no branch “main”. Correct the site's branch, or leave it empty for the default one, “trunk”."
    )


def test_a_branch_of_an_empty_repository_is_reported_as_an_empty_repository(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    repository = add_repository(demo_github, commits=0)

    problem = problem_of(github, about(repository, branch="main"))

    assert str(problem.error) == "icco/cron is empty. Push a first commit to it."


def test_the_desired_commit_is_asked_about_beside_the_running_one(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    repository = add_repository(demo_github, commits=4)
    first, second, *_ = (each.sha for each in repository.graph.commits)

    known = head_of(github, replace(about(repository, running=first[:7]), desired=second[:7]))
    unknown = head_of(github, replace(about(repository, running=first), desired="ab" * 20))
    not_asked = head_of(github, about(repository, running=first))

    assert (known.running_sha, known.desired_sha, known.behind_by) == (first, second, 3)
    assert (unknown.running_sha, unknown.desired_sha) == (first, "")
    assert not_asked.desired_sha is None


def test_an_empty_repository_says_to_push(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github, commits=0)

    problem = problem_of(github, about(repository))

    assert str(problem.error) == "icco/cron is empty. Push a first commit to it."


@pytest.mark.parametrize(
    ("on_github", "state"),
    [
        (None, "none"),
        ("SUCCESS", "success"),
        ("FAILURE", "failure"),
        ("ERROR", "failure"),
        ("PENDING", "pending"),
        ("EXPECTED", "pending"),
    ],
)
def test_the_check_state_is_one_of_four_words(
    github: GitHub, demo_github: DemoGitHub, on_github: str | None, state: str
) -> None:
    repository = add_repository(demo_github)
    repository.set_checks(repository.head, on_github)

    assert head_of(github, about(repository)).check_state == state


def test_a_bot_goes_by_its_name(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    repository.commit("Bump things", bot=True)

    assert head_of(github, about(repository)).author == "dependabot[bot]"


@pytest.mark.parametrize(
    "message",
    ["✨ 👩‍👩‍👧‍👦", "תיקון", "<script>alert(1)</script>", "m" * 300, "\u202eturned", 'a "quoted" \\ one'],
)
def test_odd_messages_arrive_as_they_are(github: GitHub, demo_github: DemoGitHub, message: str) -> None:
    repository = add_repository(demo_github)
    repository.commit(message)

    assert head_of(github, about(repository)).headline == message


def test_a_renamed_repository_answers_under_its_new_name(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    question = about(repository)
    repository.rename("clock")

    head = head_of(github, question)

    assert (head.name_with_owner, head.repository_id) == ("icco/clock", repository.id)


def test_an_archived_repository_says_so(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    repository.archive()

    assert head_of(github, about(repository)).is_archived


def test_a_missing_repository_says_that_access_may_be_missing(github: GitHub) -> None:
    problem = problem_of(github, HeadQuestion(key="site", owner="icco", repository="gone"))

    assert isinstance(problem.error, GitHubNotFound)
    assert "GitHub has no repository icco/gone, or this token has no access" in str(problem.error)


def test_single_sign_on_says_to_authorize_the_token(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    repository.is_saml_protected = True

    problem = problem_of(github, about(repository))

    assert isinstance(problem.error, GitHubRefused)
    assert "Authorize the token" in str(problem.error)


def test_the_ci_of_other_commits_comes_along_in_the_same_request(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    repository = add_repository(demo_github)
    passed, failed, without = (repository.commit(f"Change {number}") for number in range(3))
    repository.set_checks(passed, "SUCCESS")
    repository.set_checks(failed, "FAILURE")
    question = replace(about(repository), others=(passed, failed, without, "0" * 40))

    head = head_of(github, question)

    assert head.other_states == {passed: "success", failed: "failure", without: "none"}
    assert len(demo_github.requests) == 1
