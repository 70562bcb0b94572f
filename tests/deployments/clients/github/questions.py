"""Repositories to ask about, the questions, and the sorting of the answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from deployments.clients.github import Answers, GitHub, Head, HeadProblem, HeadQuestion
from simulators.github import DemoGitHub, Repository
from simulators.loopback import Response

Serve = Callable[[Response], str]
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def add_repository(server: DemoGitHub, full_name: str = "icco/cron", *, commits: int = 3) -> Repository:
    """A repository with a straight line of commits, a minute apart."""
    repository = server.repositories.create(full_name)
    for number in range(commits):
        repository.commit(f"Commit {number}", at=START + timedelta(minutes=number))
    return repository


def add_many(server: DemoGitHub, number: int) -> list[HeadQuestion]:
    """That many repositories, and the question about each, by its number."""
    repositories = [add_repository(server, f"icco/site-{each}") for each in range(number)]
    return [
        HeadQuestion(key=key, owner="icco", repository=each.name, running=each.graph.commits[0].sha)
        for key, each in enumerate(repositories)
    ]


def about(repository: Repository, *, branch: str = "", running: str = "", key: str = "site") -> HeadQuestion:
    return HeadQuestion(
        key=key, owner=repository.owner, repository=repository.name, branch=branch, running=running
    )


def heads_in(answers: Answers) -> list[Head]:
    return [each for each in answers.heads.values() if isinstance(each, Head)]


def problems_in(answers: Answers) -> dict[object, HeadProblem]:
    return {key: each for key, each in answers.heads.items() if isinstance(each, HeadProblem)}


def head_of(github: GitHub, question: HeadQuestion) -> Head:
    answer = github.heads([question]).heads[question.key]
    assert isinstance(answer, Head)
    return answer


def problem_of(github: GitHub, question: HeadQuestion) -> HeadProblem:
    answer = github.heads([question]).heads[question.key]
    assert isinstance(answer, HeadProblem)
    return answer
