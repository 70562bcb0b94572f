"""Which commit a build claims, and whether that counts."""

import pytest

from deployments.rules.builds import BuildFacts, claimed_commit, slug_in, tag_of_branch, why_not_counted
from deployments.rules.suggestions import mapping_for, proposal

SHA = "9f3c1d7a52e64b08a1c7de3390b4f8126a5d0e7b"
SLUGS = ("icco/cron",)


@pytest.mark.parametrize(
    ("source", "slug"),
    [
        ("https://github.com/icco/cron", "icco/cron"),
        ("http://github.com/Icco/Cron.git", "icco/cron"),
        ("https://nat:secret@github.com/icco/cron/", "icco/cron"),
        ("git@github.com:icco/cron.git", "icco/cron"),
        ("ssh://git@github.com:22/icco/cron.git", "icco/cron"),
        ("github.com/icco/cron", "icco/cron"),
        ("https://github.com/icco/cron/tree/main/web?x=1#readme", "icco/cron"),
        ("icco/cron", "icco/cron"),
        ("https://github.com/icco", ""),
        ("https://github.com/", ""),
        ("", ""),
        ("a text of some words", ""),
    ],
)
def test_a_repositorys_address_is_read_however_it_is_spelt(source: str, slug: str) -> None:
    assert slug_in(source) == slug


@pytest.mark.parametrize(
    ("branch", "tag"),
    [
        ("main", "main"),
        ("feature/dark-mode", "feature-dark-mode"),
        ("renovate/@types/node", "renovate-types-node"),
        (".hidden", "hidden"),
        ("x" * 200, "x" * 128),
        ("", ""),
    ],
)
def test_a_branch_has_the_tag_that_metadata_action_gives_it(branch: str, tag: str) -> None:
    assert tag_of_branch(branch) == tag


@pytest.mark.parametrize(
    ("revision", "source", "commit"),
    [
        (SHA, "https://github.com/icco/cron", SHA),
        (SHA.upper(), "", SHA),
        (SHA[:7], "", SHA[:7]),
        (SHA[:6], "", ""),
        (f"{SHA}-dirty", "", ""),
        (f"{SHA}.dirty", "", ""),
        (SHA, "https://github.com/docker-library/python", ""),
        ("main", "", ""),
        ("", "", ""),
    ],
)
def test_a_label_names_a_commit_or_says_why_not(revision: str, source: str, commit: str) -> None:
    build = BuildFacts(revision=revision, source=source)

    assert claimed_commit(build, slugs=SLUGS) == commit
    assert bool(why_not_counted(build, slugs=SLUGS)) is not bool(commit)


def test_what_github_has_confirmed_counts_under_the_repositorys_next_name_too() -> None:
    build = BuildFacts(revision=SHA, source="https://github.com/icco/old-name", sha=SHA)

    assert claimed_commit(build, slugs=SLUGS) == SHA


@pytest.mark.parametrize(
    "tag",
    ["main", "latest", "edge", "release-candidate", "main-amd64", "latest-x86_64", "stable-v2", "pr-12"],
)
def test_a_tag_that_moves_suggests_the_label(tag: str) -> None:
    found = mapping_for(f"ghcr.io/icco/cron:{tag}", repository="Cron")

    assert found == {
        "commit_source": "label",
        "moving_tag": tag,
        "image_template": "ghcr.io/icco/{repository}:{sha}",
    }


@pytest.mark.parametrize(
    "tag",
    [
        *(
            "v1",
            "2",
            "2026-11-20",
            "release-2026-11-20",
            "nightly-20261120",
            "main-482",
            "build-48",
            "main-b7",
        ),
        *("main-1700000000", "api-v1.4.2", SHA[:7].upper(), f"main-{SHA.upper()}", "3f9c2a1-dirty"),
    ],
)
def test_a_tag_that_may_move_or_is_one_builds_alone_suggests_nothing(tag: str) -> None:
    assert mapping_for(f"ghcr.io/icco/cron:{tag}", repository="cron") == {}


@pytest.mark.parametrize(
    ("tag", "placeholder"),
    [
        ("v1.4.2", "{tag}"),
        ("1.27", "{version}"),
        ("1.4.2-alpine", "{version}-alpine"),
        ("v1.4.2-linux-amd64", "{tag}-linux-amd64"),
        ("v1.4.2-rc.1", "{tag}"),
    ],
)
def test_a_version_suggests_the_release(tag: str, placeholder: str) -> None:
    found = mapping_for(f"ghcr.io/icco/cron:{tag}", repository="cron")

    assert found == {
        "commit_source": "release",
        "image_template": f"ghcr.io/icco/{{repository}}:{placeholder}",
    }
    assert "That tag is a version" in proposal(f"ghcr.io/icco/cron:{tag}", found)


def test_a_tag_that_carries_a_commit_suggests_its_template() -> None:
    found = mapping_for(f"ghcr.io/icco/cron:v-{SHA[:7]}", repository="cron")

    assert found == {"image_template": "ghcr.io/icco/{repository}:v-{short_sha}"}
