"""Which template is suggested for an image, and what is said where none can name it."""

from pathlib import Path

import pytest
import yaml

from deployments.clients.cluster import parse
from deployments.rules.discovery import candidates, unnameable
from deployments.rules.images import ImageTemplate, parse_image
from deployments.rules.suggestions import image_template_for, why_no_template

SHA = "3f9c2a17b4d8e6051c2f9a8b7d6e5f4a3b2c1d0e"
TAGS = {
    each["metadata"]["name"]: parse.deployment(each)
    for each in yaml.safe_load((Path(__file__).parent / "cases" / "tags.yaml").read_text())["items"]
}
NAMED = {
    "eight-digits": "ghcr.io/acme/eight-digits:{short_sha:8}",
    "branch-eight": "ghcr.io/acme/branch-eight:main-{short_sha:8}",
}
NOT_NAMED = {"sortable": "1700000000", "dated": "20260115", "described": "v1", "numbered": "4821"}


def test_every_shared_case_is_either_suggested_or_reported_with_its_reason() -> None:
    found = {each.reference.name: each.image_template for each in candidates(TAGS.values(), mapped=())}
    reasons = {each.reference.name: each.reason for each in unnameable(TAGS.values(), mapped=())}

    assert found == NAMED
    assert reasons.keys() == NOT_NAMED.keys()
    assert all(f"“{NOT_NAMED[name]}”" in reason for name, reason in reasons.items())


@pytest.mark.parametrize(
    ("tag", "template"),
    [
        (SHA, "{sha}"),
        (SHA[:7], "{short_sha}"),
        (SHA[:8], "{short_sha:8}"),
        (SHA[:12], "{short_sha:12}"),
        (f"sha-{SHA[:7]}", "sha-{short_sha}"),
        (f"{SHA[:10]}-amd64", "{short_sha:10}-amd64"),
        (f"{SHA[:7]}-linux-x86_64", "{short_sha}-linux-x86_64"),
        (f"linux-s390x-{SHA[:7]}", "linux-s390x-{short_sha}"),
        (f"{SHA[:7]}-arm64-v8", "{short_sha}-arm64-v8"),
        (f"{SHA[:7]}-i386", "{short_sha}-i386"),
        ("1" * 40, "{sha}"),
    ],
)
def test_a_tag_that_is_a_commit_and_what_stays_the_same_has_a_template_that_gives_it(
    tag: str, template: str
) -> None:
    suggested = image_template_for(f"ghcr.io/acme/app:{tag}", repository="app")

    assert suggested == f"ghcr.io/acme/{{repository}}:{template}"
    assert ImageTemplate.parse(suggested).gives(tag)
    assert not why_no_template(f"ghcr.io/acme/app:{tag}")


@pytest.mark.parametrize(
    "tag",
    [
        "2026-01-15-3f9c2a1",
        "20260115T101112-3f9c2a1",
        f"{SHA}-20260115",
        "pr-482-3f9c2a1",
        "build4821-3f9c2a1",
        "v2.0.1-3f9c2a1",
        f"1700000000-{SHA[:8]}",
        "dev-3f9c2a1-b12",
        "r42-3f9c2a1",
        "rc1-3f9c2a1",
        "facade1-3f9c2a1",
        f"{SHA}-a1b2c3d",
    ],
)
def test_what_the_next_build_has_otherwise_is_never_frozen_into_a_template(tag: str) -> None:
    image = f"ghcr.io/acme/app:{tag}"

    assert image_template_for(image, repository="app") == ""
    assert image in why_no_template(image)


@pytest.mark.parametrize("tag", ["latest", "main", "20260115", "1700000000", "v1.2.3", "1234567"])
def test_a_date_a_counter_or_a_release_alone_is_no_commit(tag: str) -> None:
    image = f"ghcr.io/acme/app:{tag}"

    assert (image_template_for(image, repository="app"), why_no_template(image)) == ("", "")


@pytest.mark.parametrize(
    ("template", "tag", "is_given"),
    [
        ("{sha}", SHA, True),
        ("{sha}", SHA[:7], False),
        ("{short_sha}", SHA[:7], True),
        ("{short_sha}", SHA[:8], False),
        ("{short_sha:8}", SHA[:8], True),
        ("main-{short_sha}", f"main-{SHA[:7]}", True),
        ("main-{short_sha}", f"main-{SHA[:7]}-1700000000", False),
    ],
)
def test_a_template_gives_a_tag_with_its_own_number_of_digits_alone(
    template: str, tag: str, is_given: bool
) -> None:
    assert ImageTemplate.parse(f"ghcr.io/acme/app:{template}").gives(tag) is is_given


@pytest.mark.parametrize("number", range(7, 41))
def test_a_template_takes_any_number_of_digits_that_a_tag_may_have(number: int) -> None:
    template = ImageTemplate.parse(f"localhost:5000/app:main-{{short_sha:{number}}}")

    image = str(template.image_for(owner="acme", repository="app", sha=SHA))

    assert image == f"localhost:5000/app:main-{SHA[:number]}"
    assert template.sha_in(parse_image(image).tag or "") == SHA[:number]
