import pytest

from deployments.rules.images import (
    ImageTemplate,
    UnableToParseImage,
    UnableToParseTemplate,
)

SHA = "3f9c2a17b4d8e6051c2f9a8b7d6e5f4a3b2c1d0e"


@pytest.mark.parametrize(
    ("template", "image"),
    [
        ("gcr.io/icco-cloud/{repository}:{sha}", "gcr.io/icco-cloud/cron:" + SHA),
        ("ghcr.io/{owner}/{repository}:{short_sha}", "ghcr.io/icco/cron:3f9c2a1"),
        ("localhost:5000/{repository}:main-{sha}-amd64", f"localhost:5000/cron:main-{SHA}-amd64"),
        ("{owner}/{repository}:sha-{short_sha}", "docker.io/icco/cron:sha-3f9c2a1"),
        (" gcr.io/p/app:{sha} ", "gcr.io/p/app:" + SHA),
    ],
)
def test_a_template_names_the_image_of_a_commit(template, image):
    made = ImageTemplate.parse(template).image_for(owner="Icco", repository="Cron", sha=SHA)

    assert str(made) == image


def test_a_template_names_the_image_repository_in_lower_case():
    template = ImageTemplate.parse("gcr.io/icco-cloud/{repository}:{sha}")

    assert (
        template.repository_for(owner="icco", repository="Reading-List") == "gcr.io/icco-cloud/reading-list"
    )


def test_a_github_name_that_no_image_can_have_is_refused():
    template = ImageTemplate.parse("gcr.io/icco-cloud/{repository}:{sha}")

    with pytest.raises(UnableToParseImage, match=r"“icco-cloud/\.github” in"):
        template.repository_for(owner="icco", repository=".github")


def test_a_template_is_not_filled_with_half_a_commit():
    template = ImageTemplate.parse("gcr.io/icco-cloud/{repository}:{sha}")

    with pytest.raises(UnableToParseImage, match="40 hexadecimal digits"):
        template.image_for(owner="icco", repository="cron", sha=SHA[:7])


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("", "belongs in the tag"),
        ("gcr.io/{repository}", "belongs in the tag"),
        ("gcr.io/{repository}:latest", "belongs in the tag"),
        ("localhost:5000/{repository}", "belongs in the tag"),
        ("gcr.io/{sha}:{sha}", "belongs in the tag"),
        ("gcr.io/{repository}:{sha}-{short_sha}", "belongs in the tag"),
        ("gcr.io/all:{repository}-{sha}", "belongs in the tag"),
        ("gcr.io/{repo}:{sha}", "{repo} is not known here"),
        ("gcr.io/{}:{sha}", "{} is not known here"),
        ("gcr.io/{repository}:{short_sha:6}", "7 to 40 digits"),
        ("gcr.io/{repository}:{short_sha:41}", "7 to 40 digits"),
        ("gcr.io/{repository}:{short_sha:x}", "{short_sha:x} is not known here"),
        ("gcr.io/{repository}:{sha:8}", "{sha:8} is not known here"),
        ("gcr.io/{repository}:{sha!r}", "{sha!r} is not known here"),
        ("gcr.io/{{repository}}:{sha}", "brace"),
        ("gcr.io/{repository:{sha}", "brace"),
        ("gcr.io/{repository}@sha256:{sha}", "digest"),
        ("gcr.io/Team/{repository}:{sha}", "names no image"),
        ("gcr.io/{repository}:-{sha}", "names no image"),
        ("gcr.io/{repository}:" + "x" * 100 + "{sha}", "names no image"),
    ],
)
def test_a_template_that_cannot_work_is_refused_with_what_to_do(template, message):
    with pytest.raises(UnableToParseTemplate) as refusal:
        ImageTemplate.parse(template)

    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("template_tag", "tag", "sha"),
    [
        ("{sha}", SHA, SHA),
        ("{sha}", SHA[:7], SHA[:7]),
        ("{short_sha}", SHA[:7], SHA[:7]),
        ("{short_sha}", SHA, SHA),
        ("main-{sha}", f"main-{SHA}", SHA),
        ("main-{sha}", f"main-{SHA}-1700000000", SHA),
        ("main-{short_sha}", "main-3f9c2a1-1700000000", "3f9c2a1"),
        ("{sha}", f"{SHA}.dirty", SHA),
        ("{short_sha}-amd64", "3f9c2a1-amd64", "3f9c2a1"),
        ("{short_sha}aa", "3f9c2a1aa", "3f9c2a1"),
        ("{sha}", "latest", None),
        ("{sha}", "v1.2.3", None),
        ("{sha}", SHA[:6], None),
        ("{sha}", SHA + "0", None),
        ("{sha}", SHA.upper(), None),
        ("{sha}", f"main-{SHA}", None),
        ("main-{sha}", SHA, None),
        ("main-{sha}", f"main-{SHA}x", None),
        ("a.b-{sha}", f"axb-{SHA}", None),
        ("{sha}", "", None),
    ],
)
def test_a_tag_gives_back_the_commit_it_carries(template_tag, tag, sha):
    template = ImageTemplate.parse("gcr.io/icco-cloud/{repository}:" + template_tag)

    assert template.sha_in(tag) == sha
