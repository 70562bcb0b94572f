"""How far the running commit is from the head."""

import pytest

from deployments.clients.github import GitHub
from simulators.github import DemoGitHub
from tests.deployments.clients.github.questions import about, add_repository, head_of


def test_behind_counts_the_commits_that_the_running_one_lacks(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    repository = add_repository(demo_github, commits=5)

    head = head_of(github, about(repository, running=repository.graph.commits[1].sha))

    assert (head.behind_by, head.ahead_by) == (3, 0)


def test_behind_counts_every_commit_of_a_merged_branch(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github, commits=1)
    running = repository.head
    repository.create_branch("side", running)
    repository.commit("On the side", branch="side")
    repository.commit("Again on the side", branch="side")
    repository.commit("On main")
    repository.merge("side", "Merge the side")

    head = head_of(github, about(repository, running=running))

    assert (head.behind_by, head.ahead_by) == (4, 0)


def test_a_running_commit_that_was_pushed_away_is_ahead_and_behind(
    github: GitHub, demo_github: DemoGitHub
) -> None:
    repository = add_repository(demo_github, commits=3)
    first, _, last = (each.sha for each in repository.graph.commits)
    repository.force_push(first)
    repository.commit("Start again")

    head = head_of(github, about(repository, running=last))

    assert (head.running_sha, head.behind_by, head.ahead_by) == (last, 1, 2)


def test_a_short_running_commit_comes_back_in_full(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    running = repository.graph.commits[0].sha

    head = head_of(github, about(repository, running=running[:7]))

    assert (head.running_sha, head.behind_by) == (running, 2)


def test_a_running_commit_of_nobody_comes_back_empty(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)

    head = head_of(github, about(repository, running="f" * 40))

    assert (head.sha, head.running_sha, head.behind_by) == (repository.head, "", None)


@pytest.mark.parametrize("running", ["main", "HEAD", "v1.2.3", "abc", "F" * 40, "a" * 41, 'x"){id}'])
def test_what_is_no_commit_is_not_asked_about(github: GitHub, demo_github: DemoGitHub, running: str) -> None:
    repository = add_repository(demo_github)

    head = head_of(github, about(repository, running=running))

    assert (head.sha, head.running_sha) == (repository.head, "")


def test_unrelated_histories_have_no_distance(github: GitHub, demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    running = repository.head
    repository.commit("A new root", parents=())

    head = head_of(github, about(repository, running=running))

    assert (head.running_sha, head.behind_by, head.ahead_by) == (running, None, None)
