"""Several tokens, each for one owner's repositories."""

from deployments.clients.github import GitHub, GitHubNotFound, GitHubRateLimited, GitHubRefused
from simulators.github import DemoGitHub, Failure
from tests.deployments.clients.github.questions import about, add_repository, heads_in, problems_in


def one_of_each(server: DemoGitHub):
    server.tokens.of_owner = {"ghp_icco": "icco", "ghp_trav": "trav3711"}
    ours = add_repository(server, "icco/cron"), add_repository(server, "trav3711/photos")
    return [about(each, key=each.owner) for each in ours]


def test_each_owners_token_asks_about_that_owners_repositories(demo_github: DemoGitHub) -> None:
    questions = one_of_each(demo_github)

    with GitHub(tokens={"Icco": "ghp_icco", "trav3711": "ghp_trav"}, api_url=demo_github.url) as github:
        answers = github.heads(questions)

    assert len(heads_in(answers)) == answers.requests == 2
    assert all(len(each.repositories) == 1 for each in demo_github.requests)


def test_the_default_token_asks_for_all_other_owners(demo_github: DemoGitHub) -> None:
    questions = one_of_each(demo_github)

    with GitHub(token=demo_github.token, tokens={"icco": "ghp_icco"}, api_url=demo_github.url) as github:
        answers = github.heads(questions)

    assert len(heads_in(answers)) == 2


def test_a_fine_grained_token_does_not_see_another_owners_repository(demo_github: DemoGitHub) -> None:
    questions = one_of_each(demo_github)

    with GitHub(token="ghp_icco", api_url=demo_github.url) as github:
        answers = github.heads(questions)

    assert isinstance(problems_in(answers)["trav3711"].error, GitHubNotFound)
    assert len(heads_in(answers)) == 1


def test_a_refused_token_is_named_and_leaves_the_other_owners_sites_right(demo_github: DemoGitHub) -> None:
    questions = one_of_each(demo_github)

    with GitHub(tokens={"icco": "revoked", "trav3711": "ghp_trav"}, api_url=demo_github.url) as github:
        answers = github.heads(questions)

    error = problems_in(answers)["icco"].error
    assert isinstance(error, GitHubRefused)
    assert str(error).endswith("Make a new one and set GITHUB_TOKENS, icco.")
    assert [each.key for each in heads_in(answers)] == ["trav3711"]


def test_a_limit_on_one_token_leaves_the_other_owners_sites_right(demo_github: DemoGitHub) -> None:
    questions = one_of_each(demo_github)
    demo_github.fail_next(Failure.SECONDARY_LIMIT)

    with GitHub(tokens={"icco": "ghp_icco", "trav3711": "ghp_trav"}, api_url=demo_github.url) as github:
        answers = github.heads(questions)

    assert isinstance(problems_in(answers)["icco"].error, GitHubRateLimited)
    assert list(answers.limits) == ["GITHUB_TOKENS, icco"]
    assert [each.key for each in heads_in(answers)] == ["trav3711"]


def test_an_account_that_has_to_rest_is_not_asked(demo_github: DemoGitHub) -> None:
    questions = one_of_each(demo_github)
    demo_github.fail_next(Failure.SECONDARY_LIMIT)

    with GitHub(tokens={"icco": "ghp_icco", "trav3711": "ghp_trav"}, api_url=demo_github.url) as github:
        limits = github.heads(questions).limits
        demo_github.requests.clear()
        answers = github.heads(questions, paused={who: each.resets_at for who, each in limits.items()})

    assert [each.repositories for each in demo_github.requests] == [{"trav3711/photos"}]
    assert "GitHub answers again at" in str(problems_in(answers)["icco"].error)
    assert answers.limits == {}


def test_graphql_used_up_does_not_stop_a_comparison(demo_github: DemoGitHub) -> None:
    repository = add_repository(demo_github)
    base, head = (each.sha for each in repository.graph.commits[1:])
    demo_github.limits["graphql"].remaining = 0

    with GitHub(token=demo_github.token, api_url=demo_github.url) as github:
        limits = github.heads([about(repository)]).limits
        paused = {who: each.resets_at for who, each in limits.items()}
        comparison = github.compare("icco", "cron", base=base, head=head, paused=paused)

    assert list(paused) == ["GITHUB_TOKEN, graphql"]
    assert comparison.total == 1


def test_an_address_without_an_api_is_a_wrong_setting_and_no_missing_repository(
    demo_github: DemoGitHub,
) -> None:
    repository = add_repository(demo_github)

    with GitHub(token=demo_github.token, api_url=f"{demo_github.url}/nowhere") as github:
        answers = github.heads([about(repository)])

    error = problems_in(answers)["site"].error
    assert not isinstance(error, GitHubNotFound)
    assert (
        str(error) == f"There is no GitHub API at {demo_github.url}/nowhere/graphql. Correct GITHUB_API_URL."
    )
