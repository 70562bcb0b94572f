"""Which sites a hint concerns, and what the sender reads."""

from dataclasses import replace

import pytest

from deployments.rules.hooks.github import hint_of
from deployments.rules.hooks.hint import Hint, Image, images
from deployments.rules.hooks.matching import Followed, is_late, understand

CRON = Followed(
    name="cron.example.com",
    repositories=frozenset({"icco/cron"}),
    branch="main",
    image_repositories=("gcr.io/icco-cloud/cron",),
)
TABS = Followed(
    name="tabs.example.com",
    repositories=frozenset({"icco/tab-archive", "icco/tabs"}),
    branch="",
    image_repositories=("ghcr.io/icco/tabs",),
)
A, B = "a" * 40, "b" * 40


def hint(**values: object) -> Hint:
    return Hint(**{"event": "push", "summary": "Something"} | values)  # type: ignore[arg-type]


API = Followed(
    name="api.example.com",
    repositories=frozenset({"icco/api"}),
    branch="main",
    image_repositories=("ghcr.io/icco/api",),
    is_by_release=True,
)


def test_a_pushed_tag_concerns_sites_by_release_alone() -> None:
    of_api = understand(hint(repositories=("icco/api",), tags=("v1.6.0",)), [CRON, API])
    of_cron = understand(hint(repositories=("icco/cron",), tags=("v1.6.0",)), [CRON, API])

    assert of_api.names == ("api.example.com",)
    assert (of_cron.names, of_cron.message) == ((), "No site follows the releases of icco/cron.")


@pytest.mark.parametrize("event", ["workflow_run", "check_suite"])
@pytest.mark.parametrize(
    ("pattern", "name", "concerns"),
    [
        ("", "v1.6.0", True),
        ("", "api/v1.6.0", True),
        ("", "dependabot-ruff", False),
        ("stable-*", "stable-green", True),
        ("stable-*", "v1.6.0", False),
    ],
)
def test_the_ci_of_a_tag_concerns_sites_whose_version_it_may_be(
    event: str, pattern: str, name: str, concerns: bool
) -> None:
    run = {"head_branch": name, "head_sha": A, "conclusion": "success"}
    over = hint_of(event, {"action": "completed", event: run, "repository": {"full_name": "icco/api"}})

    by_release = understand(over, [replace(API, tag_pattern=pattern)])
    by_branch = understand(over, [replace(API, is_by_release=False)])

    assert by_release.names == (("api.example.com",) if concerns else ())
    assert by_branch.names == ()


@pytest.mark.parametrize("action", ["published", "released", "edited", "deleted", "unpublished"])
def test_a_release_concerns_sites_by_release_alone(action: str) -> None:
    release = {"tag_name": "v1.6.0", "draft": False}
    found = hint_of(
        "release", {"action": action, "release": release, "repository": {"full_name": "icco/api"}}
    )

    assert found.tags == ("v1.6.0",)
    assert understand(found, [API, replace(API, name="web", is_by_release=False)]).names == (
        "api.example.com",
    )


def test_a_draft_of_a_release_is_none() -> None:
    draft = {"tag_name": "v1.6.0", "draft": True}
    found = hint_of(
        "release", {"action": "created", "release": draft, "repository": {"full_name": "icco/api"}}
    )

    assert found.ignored == "It is a draft."


@pytest.mark.parametrize("ref", ["refs/tags/v1.6.0", "refs/tags/api/v1.6.0"])
def test_a_push_of_a_tag_names_the_tag_and_no_branch(ref: str) -> None:
    found = hint_of("push", {"ref": ref, "after": A, "repository": {"full_name": "icco/api"}})

    assert (found.tags, found.branches) == ((ref.removeprefix("refs/tags/"),), ())
    assert (found.repositories, found.is_push) == (("icco/api",), False)


@pytest.mark.parametrize(("is_deleted", "sha"), [(False, B), (True, "")])
def test_a_pushed_tag_is_looked_for_by_its_commit_whatever_tag_object_lies_between(
    is_deleted: bool, sha: str
) -> None:
    pushed = {"ref": "refs/tags/v1.6.0", "before": "0" * 40, "after": A, "head_commit": {"id": B}}

    found = hint_of("push", pushed | {"deleted": is_deleted, "repository": {"full_name": "icco/api"}})

    assert (found.sha, found.before, found.is_push) == (sha, "", not is_deleted)


@pytest.mark.parametrize(
    ("given", "hosts", "message"),
    [
        ({"repositories": ("icco/cron",), "branches": ("main",)}, ["cron"], "cron.example.com is checked."),
        ({"repositories": ("icco/cron",)}, ["cron"], "cron.example.com is checked."),
        (
            {"repositories": ("icco/cron",), "branches": ("docs",)},
            [],
            "No site follows docs of icco/cron, only main.",
        ),
        # Whose default branch is not known yet may follow any.
        ({"repositories": ("icco/tabs",), "branches": ("docs",)}, ["tabs"], "tabs.example.com is checked."),
        # A repository that was renamed on GitHub is found by either name.
        ({"repositories": ("icco/tab-archive",)}, ["tabs"], "tabs.example.com is checked."),
        ({"repositories": ("icco/other",)}, [], "No site's repository is icco/other."),
        ({"repositories": ("cron",)}, ["cron"], "cron.example.com is checked."),
        ({"repositories": ("github_icco_cron",)}, ["cron"], "cron.example.com is checked."),
        ({"images": images(["gcr.io/icco-cloud/cron:1"])}, ["cron"], "cron.example.com is checked."),
        ({"images": (Image("icco-cloud/cron"),)}, ["cron"], "cron.example.com is checked."),
        (
            {"images": images(["quay.io/icco-cloud/cron:1"])},
            [],
            "No site's images are in quay.io/icco-cloud/cron.",
        ),
        # The image of another branch is a site's, if it is in a site's place.
        (
            {
                "repositories": ("icco/cron",),
                "branches": ("docs",),
                "images": images(["gcr.io/icco-cloud/cron:1"]),
            },
            ["cron"],
            "cron.example.com is checked.",
        ),
        ({"everything": True}, [], "All sites are checked."),
        ({"ignored": "Nothing was pushed.", "repositories": ("icco/cron",)}, [], "Nothing was pushed."),
        ({}, [], "It names no repository and no image."),
    ],
)
def test_it_concerns_these_sites(given: dict[str, object], hosts: list[str], message: str) -> None:
    understood = understand(hint(**given), [CRON, TABS])

    assert (understood.names, understood.message) == (tuple(f"{each}.example.com" for each in hosts), message)


@pytest.mark.parametrize(
    ("seen", "sha", "before", "late"),
    [
        (A, B, A, True),
        (B, B, A, False),
        # Someone has pushed since.
        ("c" * 40, B, A, False),
        # A new branch had no commit before.
        ("", B, "", True),
        (B, B, "", False),
        # It was deleted.
        (A, "", A, False),
    ],
)
def test_a_commit_is_late_while_github_shows_the_one_before_it(
    seen: str, sha: str, before: str, late: bool
) -> None:
    assert is_late(seen=seen, sha=sha, before=before) is late
