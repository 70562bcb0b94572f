"""What crosses the wire when git is asked: a repository may have thousands of refs."""

from deployments.clients.github import GitHub
from simulators.github import DemoGitHub
from tests.deployments.clients.github.questions import about, add_repository


def test_only_the_refs_that_are_wanted_are_fetched(demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    repository.create_branch("live", repository.head)

    with GitHub(api_url=demo_github.url, web_url=demo_github.url) as github:
        github.heads([about(repository, branch="live")])

    asked = [each.request.body for each in demo_github.requests if each.request and each.method == "POST"]
    assert [body.count(b"ref-prefix ") for body in asked] == [2]
    assert b"ref-prefix refs/heads/live" in asked[0]
