"""The demo's REST side: who may ask, tips with ETags, comparisons in pages, and renamed repositories."""

from datetime import UTC, datetime, timedelta

import pytest

from simulators.github import DemoGitHub
from simulators.github.repository import Repository
from tests.simulators.github.client import Client

SHA = "application/vnd.github.sha"


@pytest.fixture
def cron(demo_github: DemoGitHub) -> Repository:
    repository = demo_github.repositories.create("icco/cron")
    for number in range(131):
        repository.commit(
            f"Commit {number}", at=datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=number)
        )
    return repository


def test_nobody_is_answered_without_a_user_agent(client: Client) -> None:
    assert client.get("/rate_limit", User_Agent="").status_code == 403


def test_a_bad_token_is_refused(client: Client, cron: Repository) -> None:
    response = client.get("/repos/icco/cron", Authorization="bearer wrong")

    assert (response.status_code, response.json()["message"]) == (401, "Bad credentials")


def test_rest_needs_no_token_but_graphql_does(client: Client, cron: Repository) -> None:
    client.session.headers.pop("Authorization")

    assert client.get("/repos/icco/cron").status_code == 200
    assert client.post("{ viewer { login } }").status_code == 401


def test_a_tip_is_40_bytes_and_its_own_etag(client: Client, cron: Repository) -> None:
    response = client.get("/repos/icco/cron/commits/main", Accept=SHA)

    assert response.text == cron.head
    assert response.headers["ETag"] == f'"{cron.head}"'


def test_an_unchanged_tip_is_304_and_free(client: Client, demo_github: DemoGitHub, cron: Repository) -> None:
    response = client.get("/repos/icco/cron/commits/main", Accept=SHA, If_None_Match=f'"{cron.head}"')

    assert (response.status_code, response.content) == (304, b"")
    assert demo_github.limits["core"].used == 0


def test_an_unknown_commit_is_422_and_an_empty_repository_409(
    client: Client, demo_github: DemoGitHub, cron: Repository
) -> None:
    demo_github.repositories.create("icco/new")

    assert client.get("/repos/icco/cron/commits/nope").status_code == 422
    assert client.get("/repos/icco/new/commits/main").status_code == 409


def test_a_comparison_is_paged_from_the_oldest_and_only_page_1_has_files(
    client: Client, cron: Repository
) -> None:
    shas = [each.sha for each in cron.graph.commits]
    path = f"/repos/icco/cron/compare/{shas[0]}...{shas[-1]}?per_page=100&page="

    first, second = (client.get(f"{path}{number}").json() for number in (1, 2))

    assert [each["sha"] for each in first["commits"] + second["commits"]] == shas[1:]
    assert (first["total_commits"], first["ahead_by"], first["behind_by"]) == (130, 130, 0)
    assert (len(first["files"]), len(second["files"])) == (130, 0)
    assert first["merge_base_commit"]["sha"] == shas[0]


def test_a_comparison_of_nothing_known_is_404(client: Client, cron: Repository) -> None:
    assert client.get(f"/repos/icco/cron/compare/{'f' * 40}...{cron.head}").status_code == 404


def test_a_renamed_repository_moved_to_its_id(client: Client, cron: Repository) -> None:
    cron.rename("clock")

    response = client.get("/repos/icco/cron/commits/main?per_page=1", Accept=SHA)

    target = f"{client.url}/repositories/{cron.id}/commits/main?per_page=1"
    assert (response.status_code, response.headers["Location"]) == (301, target)
    assert client.get(target.removeprefix(client.url), Accept=SHA).text == cron.head


def test_single_sign_on_names_where_to_authorize(client: Client, cron: Repository) -> None:
    cron.is_saml_protected = True

    response = client.get("/repos/icco/cron")

    assert response.status_code == 403
    assert response.headers["X-GitHub-SSO"].startswith("required; url=")


def test_a_used_up_budget_is_403(client: Client, demo_github: DemoGitHub, cron: Repository) -> None:
    demo_github.limits["core"].remaining = 0

    response = client.get("/repos/icco/cron")

    assert (response.status_code, response.headers["X-RateLimit-Remaining"]) == (403, "0")


def test_the_rate_limit_can_be_queried_for_free(client: Client, demo_github: DemoGitHub) -> None:
    answer = client.get("/rate_limit").json()

    assert answer["resources"]["core"]["remaining"] == demo_github.limits["core"].remaining == 5000
