"""Where people read on."""

import pytest

from deployments.rules.targets import WorkloadReference
from deployments.rules.web_pages import (
    UnableToReadConsoleLink,
    check_console_link,
    commit_pages,
    console_page,
    image_page,
    pull_request_number,
)
from deployments.rules.workloads import WorkloadKind

REPOSITORY = "https://github.com/icco/cron"
RUNNING, HEAD = "a" * 40, "b" * 40
WORKER = WorkloadReference(kind=WorkloadKind.STATEFUL_SET, namespace="web", name="worker")


@pytest.mark.parametrize(
    ("headline", "number"),
    [
        ("Fix the board (#123)", "123"),
        ("Merge pull request #7 from icco/board", "7"),
        ('Revert "Fix the board (#123)" (#124)', "124"),
        ("See #5 for why", ""),
        ("Fix (#12) and more", ""),
        ("", ""),
    ],
)
def test_a_pull_request_is_known_by_what_githubs_buttons_write(headline: str, number: str) -> None:
    assert pull_request_number(headline) == number


def test_commits_to_deploy_have_their_comparison_ci_pull_request_and_commit() -> None:
    pages = commit_pages(REPOSITORY, running=RUNNING, head=HEAD, headline="Fix it (#9)")

    assert {page.label: page.address.removeprefix(REPOSITORY) for page in pages} == {
        "Compare": f"/compare/{RUNNING}...{HEAD}",
        "CI run": f"/commit/{HEAD}/checks",
        "Pull request #9": "/pull/9",
        "Commit": f"/commit/{HEAD}",
    }


def test_a_site_that_runs_the_newest_has_nothing_to_compare() -> None:
    pages = commit_pages(REPOSITORY, running=HEAD, head=HEAD, headline="")

    assert [page.label for page in pages] == ["CI run", "Commit"]


def test_a_head_that_is_not_known_leads_nowhere() -> None:
    assert commit_pages(REPOSITORY, running=RUNNING, head="", headline="") == ()


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        ("ghcr.io/icco/cron", "https://ghcr.io/icco/cron"),
        ("eu.gcr.io/cloud/cron", "https://eu.gcr.io/cloud/cron"),
        ("europe-docker.pkg.dev/cloud/apps/cron", "https://europe-docker.pkg.dev/cloud/apps/cron"),
        ("quay.io/icco/cron", "https://quay.io/repository/icco/cron?tab=tags"),
        ("docker.io/icco/cron", "https://hub.docker.com/r/icco/cron/tags"),
        ("docker.io/library/redis", "https://hub.docker.com/_/redis/tags"),
        ("registry.lan:5000/cron", ""),
        ("evil-gcr.io/cloud/cron", ""),
        ("cron", ""),
        ("", ""),
    ],
)
def test_an_image_has_a_page_where_its_registry_shows_one(repository: str, address: str) -> None:
    assert image_page(repository) == address


def test_a_workload_s_page_in_the_console_follows_the_template() -> None:
    template = "https://console.example.com/{kind}/{resource}/{namespace}/{name}?project=p"

    check_console_link(template)

    assert console_page(template, WORKER) == (
        "https://console.example.com/statefulset/statefulsets/web/worker?project=p"
    )


@pytest.mark.parametrize(
    "template",
    [
        "http://console.example.com/{name}",
        "javascript:alert(1)//{name}",
        "https://console.example.com/{cluster}",
        "https://console.example.com/{name.__class__}",
        "https://console.example.com/{name",
        "https://console.example.com/{name} {namespace}",
        "https://{",
    ],
)
def test_a_template_that_leads_nowhere_is_refused(template: str) -> None:
    with pytest.raises(UnableToReadConsoleLink):
        check_console_link(template)


def test_without_a_template_there_is_no_console() -> None:
    assert console_page("", WORKER) == ""
