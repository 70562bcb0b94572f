"""Which version is the newest, how its image is tagged, and what git may call it."""

import pytest

from deployments.rules.images import ImageTemplate, UnableToParseImage, UnableToParseTemplate
from deployments.rules.versions import Version, as_image_tag, git_tags, newest, number_of, versions_of_each

SHA = "3f9c2a17b4d8e6051c2f9a8b7d6e5f4a3b2c1d0e"


def listed(*names: str) -> list[Version]:
    return [Version(name=name, sha=SHA) for name in names]


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (("v1.9.5", "v2.0.0"), "v2.0.0"),
        (("v1.9.0", "v1.10.0"), "v1.10.0"),
        (("v2.0.0-rc.1", "v1.9.0"), "v1.9.0"),
        (("2026.11.28", "2026.11.3"), "2026.11.28"),
        (("nightly", "v1.0.0"), "nightly"),
        # Of equal ones the whole version: v1.2 and v2 are tags that are moved to each next one.
        (("v1.2", "v1.2.0"), "v1.2.0"),
        (("v2", "v2.0.0", "v2.0"), "v2.0.0"),
        (("v1.2.3+b2", "v1.2.3+b1"), "v1.2.3+b2"),
        ((), ""),
        # As Python, Ruby and Java spell what comes before a version, and after it.
        (("1.1.0rc1", "1.0.0"), "1.0.0"),
        (("v1.1.0b2", "v1.0.0"), "v1.0.0"),
        (("1.1.0.dev3", "1.0.0"), "1.0.0"),
        (("1.1.0.rc1", "1.0.0"), "1.0.0"),
        (("2.0.0.M1", "1.9.0.RELEASE"), "1.9.0.RELEASE"),
        (("1.0.0", "1.0.0.post1"), "1.0.0.post1"),
        (("1.0.0rc1", "1.0.0rc1"), ""),
        # Dates, with a counter or a commit behind them.
        (("2026-01-15", "2025-12-31"), "2026-01-15"),
        (("release-2026-02-01", "release-2026-10-01"), "release-2026-10-01"),
        (("2026-01-15-2", "2026-01-15"), "2026-01-15-2"),
        (("20260115-2", "20260115-10"), "20260115-10"),
        (("2026.01.15-3f9c2a1", "2026.01.14-c0ffee1"), "2026.01.15-3f9c2a1"),
        (("2026.1.0-beta.1", "2025.12.0"), "2025.12.0"),
    ],
)
def test_the_highest_version_is_the_newest(names: tuple[str, ...], best: str) -> None:
    found = newest(listed(*names))

    assert (found.name if found else "") == best


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (("v2.0.0-rc.2", "v2.0.0-rc.10", "v1.9.0"), "v2.0.0-rc.10"),
        (("v2.0.0-rc.1", "v2.0.0"), "v2.0.0"),
        (("v2.0.0-beta", "v2.0.0-alpha.9"), "v2.0.0-beta"),
        (("v2.0.0-1", "v2.0.0-alpha"), "v2.0.0-alpha"),
        (("v2.0.0-rc9", "v2.0.0-rc10"), "v2.0.0-rc10"),
        (("2.0.0rc9", "2.0.0rc10"), "2.0.0rc10"),
        (("2.0.0rc1", "1.9.5"), "2.0.0rc1"),
        (("1.9.5", "2.0.0b1"), "2.0.0b1"),
    ],
)
def test_prereleases_are_ordered_as_semver_orders_them(names: tuple[str, ...], best: str) -> None:
    found = newest(listed(*names), prereleases=True)

    assert found is not None
    assert found.name == best


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("v1.6.0", "v1.6.1"), ("v1.6.1", "v1.6.0")),
        # Images of tags that are moved may be of an earlier commit.
        (("v1", "v1.6", "v1.6.1", "latest"), ("v1.6.1",)),
        (("v1.6.1", "v2", "v2.0.0"), ("v2.0.0", "v1.6.1")),
        (("2026.11.28", "2026.11.28-2"), ("2026.11.28-2", "2026.11.28")),
        (("stable",), ("stable",)),
    ],
)
def test_of_one_commit_those_versions_count_that_are_of_one_build(
    names: tuple[str, ...], found: tuple[str, ...]
) -> None:
    versions = versions_of_each(listed(*names), ["f" * 40, SHA], prereleases=True)

    assert tuple(each.name for each in versions) == found


def test_what_github_calls_a_prerelease_is_one_whatever_its_name() -> None:
    marked = Version(name="v2.0.0", sha=SHA, is_prerelease=True)
    final = Version(name="v1.9.0-hotfix.1", sha=SHA, is_prerelease=False)

    assert newest([marked]) is None
    assert newest([marked, final]) is final
    assert newest([marked], prereleases=True) is marked


@pytest.mark.parametrize(("pattern", "best"), [("api/v*", "api/v1.0.0"), ("v*", "v3.0.0"), ("x*", "")])
def test_only_tags_that_fit_the_pattern_count(pattern: str, best: str) -> None:
    found = newest(listed("web/v9.0.0", "v3.0.0", "api/v1.0.0"), pattern=pattern)

    assert (found.name if found else "") == best


@pytest.mark.parametrize(
    ("name", "number", "tag"),
    [
        ("v1.4.2", "1.4.2", "v1.4.2"),
        ("api/v1.4.2", "1.4.2", "api-v1.4.2"),
        ("@scope/app@1.4.2", "1.4.2", "scope-app-1.4.2"),
        ("v1.4.2+build.5", "1.4.2+build.5", "v1.4.2-build.5"),
        ("api-v2.0.0-rc.1", "2.0.0-rc.1", "api-v2.0.0-rc.1"),
        ("nightly", "nightly", "nightly"),
    ],
)
def test_a_version_is_spelt_as_an_images_tag_can_hold_it(name: str, number: str, tag: str) -> None:
    assert (number_of(name), as_image_tag(name)) == (number, tag)


@pytest.mark.parametrize(
    ("tag", "is_number", "pattern", "names"),
    [
        ("1.4.2", True, "", ("v1.4.2", "1.4.2")),
        ("1.4.2", True, "api/v*", ("api/v1.4.2", "v1.4.2", "1.4.2")),
        ("1.4.2", True, "v*", ("v1.4.2", "1.4.2")),
        ("v1.4.2", False, "", ("v1.4.2",)),
        ("api-v1.4.2", False, "api/v*", ("api/v1.4.2", "api-v1.4.2")),
    ],
)
def test_git_may_call_a_version_by_few_names(
    tag: str, is_number: bool, pattern: str, names: tuple[str, ...]
) -> None:
    assert git_tags(tag, is_number=is_number, pattern=pattern) == names


@pytest.mark.parametrize(
    ("template", "tag"),
    [
        ("ghcr.io/icco/cron:{version}", "1.4.2"),
        ("ghcr.io/icco/cron:{tag}", "v1.4.2"),
        ("ghcr.io/icco/cron:{version}-alpine", "1.4.2-alpine"),
        ("ghcr.io/icco/cron:{sha}", "v1.4.2"),
    ],
)
def test_a_template_gives_the_image_of_a_version_and_reads_it_back(template: str, tag: str) -> None:
    parsed = ImageTemplate.parse(template)

    image = parsed.image_for_version(owner="icco", repository="cron", version="v1.4.2")

    assert image.tag == tag
    assert parsed.version_in(tag) in {"1.4.2", "v1.4.2"}


def test_a_template_that_names_a_version_gives_no_image_of_a_commit() -> None:
    template = ImageTemplate.parse("ghcr.io/icco/cron:{version}")

    with pytest.raises(UnableToParseImage, match="let commits be known by release"):
        template.image_for(owner="icco", repository="cron", sha=SHA)
    assert template.sha_in(SHA) is None


@pytest.mark.parametrize("text", ["ghcr.io/{version}/cron:{sha}", "ghcr.io/icco/cron:{version}-{sha}"])
def test_a_version_belongs_in_the_tag_alone_and_once(text: str) -> None:
    with pytest.raises(UnableToParseTemplate):
        ImageTemplate.parse(text)
