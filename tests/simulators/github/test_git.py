"""Real git against the demo's GitHub: clones, pushes, and who may not."""

from pathlib import Path
from subprocess import CalledProcessError

import pytest

from simulators.github import DemoGitHub, Repository
from tests.git_clone import Clone


@pytest.fixture
def cron(demo_github: DemoGitHub) -> Repository:
    repository = demo_github.repositories.create("icco/cron")
    for number in range(3):
        repository.commit(f"Commit {number}")
    return repository


@pytest.fixture
def moves(demo_github: DemoGitHub) -> list[tuple[str, str, str]]:
    """Each push: the repository, the branch and its tip before."""
    found: list[tuple[str, str, str]] = []
    demo_github.git.pushed.append(lambda where, branch, before: found.append((where.name, branch, before)))
    return found


def address(github: DemoGitHub, *, password: str = "") -> str:
    return github.url.replace("//", f"//ada:{password or github.git.push_token}@") + "/icco/cron.git"


def test_a_clone_has_the_commits_under_their_own_names_and_is_sound(
    demo_github: DemoGitHub, cron: Repository, tmp_path: Path
) -> None:
    clone = Clone(f"{demo_github.url}/icco/cron", tmp_path / "clone")

    assert clone.git("rev-list", "HEAD").split() == [each.sha for each in reversed(cron.graph.commits)]
    assert clone.git("log", "-1", "--format=%an %s") == "Nat Welch Commit 2"
    clone.git("fsck", "--strict")


def test_what_is_pushed_is_the_head_and_is_announced_once(
    demo_github: DemoGitHub, cron: Repository, moves: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    before = cron.head
    clone = Clone(address(demo_github), tmp_path / "clone")
    first = clone.commit("Add a file", file="readme.md")

    pushed = clone.push("Change the program\n\nAt last.")

    commit = cron.graph.get(pushed)
    assert cron.head == pushed
    assert (commit.parents, commit.files) == ((first,), ("main.go",))
    assert (commit.message, commit.author.name) == ("Change the program\n\nAt last.", "Ada")
    assert moves == [("cron", "main", before)]


def test_a_commit_on_top_of_a_pushed_one_can_be_pulled(
    demo_github: DemoGitHub, cron: Repository, tmp_path: Path
) -> None:
    clone = Clone(address(demo_github), tmp_path / "clone")
    clone.push("Pushed")
    on_top = cron.commit("By someone else")

    clone.git("pull", "--quiet")

    assert clone.git("rev-parse", "HEAD") == on_top


def test_a_push_that_would_lose_commits_is_refused_unless_it_is_forced(
    demo_github: DemoGitHub, cron: Repository, moves: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    clone = Clone(address(demo_github), tmp_path / "clone")
    theirs = cron.commit("By someone else")

    with pytest.raises(CalledProcessError, match="push") as refused:
        clone.push("Mine")
    before = cron.head
    mine = clone.git("rev-parse", "HEAD")
    clone.git("push", "--quiet", "--force", "origin", "HEAD")

    assert "[rejected]" in refused.value.stderr
    assert (before, cron.head) == (theirs, mine)
    divergence = cron.compare(theirs, mine)
    assert divergence is not None
    assert divergence.status == "DIVERGED"
    assert moves == [("cron", "main", theirs)]


def test_a_branch_and_a_tag_come_and_go(demo_github: DemoGitHub, cron: Repository, tmp_path: Path) -> None:
    clone = Clone(address(demo_github), tmp_path / "clone")
    clone.git("tag", "--annotate", "--message", "One", "v1.0.0")

    clone.git("push", "--quiet", "origin", "HEAD:refs/heads/topic", "v1.0.0")
    there = (dict(cron.branches), dict(cron.tags))
    clone.git("push", "--quiet", "origin", ":refs/heads/topic")

    assert there == ({"main": cron.head, "topic": cron.head}, {"v1.0.0": cron.head})
    assert cron.branches == {"main": cron.head}


@pytest.mark.parametrize(
    ("password", "status"), [(None, "could not read Username"), ("wrong", "403")], ids=["none", "wrong"]
)
def test_without_the_password_nothing_is_pushed(
    demo_github: DemoGitHub, cron: Repository, tmp_path: Path, password: str | None, status: str
) -> None:
    before = cron.head
    where = address(demo_github, password=password) if password else f"{demo_github.url}/icco/cron.git"
    clone = Clone(where, tmp_path / "clone")

    with pytest.raises(CalledProcessError, match="push") as refused:
        clone.push("Mine")

    assert status in refused.value.stderr
    assert cron.head == before
