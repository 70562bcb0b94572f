import pytest

from deployments.rules.images import (
    ImageReference,
    ImageTemplate,
    UnableToParseImage,
    UnableToParseTemplate,
    is_full_sha,
    parse_image,
)

SHA = "3f9c2a17b4d8e6051c2f9a8b7d6e5f4a3b2c1d0e"
DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "registry", "path", "tag", "digest"),
    [
        ("nginx", "docker.io", "library/nginx", None, None),
        ("nginx:1.27", "docker.io", "library/nginx", "1.27", None),
        ("localhost:5000", "docker.io", "library/localhost", "5000", None),
        ("docker.io/nginx", "docker.io", "library/nginx", None, None),
        ("index.docker.io/nginx", "docker.io", "library/nginx", None, None),
        ("grafana/loki", "docker.io", "grafana/loki", None, None),
        ("gcr.io/icco-cloud/cron:" + SHA, "gcr.io", "icco-cloud/cron", SHA, None),
        ("localhost/cron", "localhost", "cron", None, None),
        ("localhost:5000/cron:v1", "localhost:5000", "cron", "v1", None),
        ("registry:5000/a/b/c", "registry:5000", "a/b/c", None, None),
        ("127.0.0.1:40123/icco-cloud/cron", "127.0.0.1:40123", "icco-cloud/cron", None, None),
        ("[2001:db8::1]:5000/cron:v1", "[2001:db8::1]:5000", "cron", "v1", None),
        ("Registry/cron", "Registry", "cron", None, None),
        ("gcr.io/cron:v1@" + DIGEST, "gcr.io", "cron", "v1", DIGEST),
        ("gcr.io/cron@" + DIGEST, "gcr.io", "cron", None, DIGEST),
        ("gcr.io/a.b/c_d/e__f/g--h---i", "gcr.io", "a.b/c_d/e__f/g--h---i", None, None),
        ("gcr.io/cron:_x.Y-z", "gcr.io", "cron", "_x.Y-z", None),
        ("gcr.io/cron:" + "t" * 128, "gcr.io", "cron", "t" * 128, None),
        ("gcr.io/" + "p" * 255, "gcr.io", "p" * 255, None, None),
    ],
)
def test_a_reference_has_the_parts_that_docker_sees(text, registry, path, tag, digest):
    parsed = parse_image(text)

    assert parsed == ImageReference(registry=registry, path=path, tag=tag, digest=digest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " nginx",
        "nginx\n",
        "Nginx",
        "gcr.io/Cron",
        "gcr.io/",
        "/cron",
        "gcr.io//cron",
        "gcr.io/cron/",
        "gcr.io/a..b",
        "gcr.io/a___b",
        "gcr.io/a_-b",
        "gcr.io/-a",
        "gcr.io/a-",
        "gcr.io/cron:",
        "gcr.io/cron:.v1",
        "gcr.io/cron:-v1",
        "gcr.io/cron:é",
        "gcr.io/cron:" + "t" * 129,
        "gcr.io/" + "p" * 256,
        "gcr.io:port/cron",
        "-gcr.io/cron",
        "gcr..io/cron",
        "gcr.io/cron@",
        "gcr.io/cron@sha256:abc",
        "gcr.io/cron@sha256:" + "AB" * 32,
        "gcr.io/cron@md5:" + "ab" * 16,
        "gcr.io/cron@" + DIGEST + "@" + DIGEST,
        "ab" * 32,
    ],
)
def test_what_the_grammar_lacks_is_refused(text):
    with pytest.raises(UnableToParseImage, match=r"“|characters"):
        parse_image(text)


def test_two_spellings_of_one_image_have_one_repository():
    repositories = {
        parse_image(text).repository
        for text in ("nginx", "docker.io/library/nginx:1", "index.docker.io/nginx")
    }

    assert repositories == {"docker.io/library/nginx"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHA, True),
        (SHA[:39], False),
        (SHA + "0", False),
        (SHA.upper(), False),
        (SHA + "\n", False),
        ("", False),
    ],
)
def test_only_forty_lower_case_hexadecimal_digits_are_a_whole_commit(text, expected):
    assert is_full_sha(text) is expected


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
    ("template", "sentence"),
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
        ("gcr.io/{repository}:{sha!r}", "{sha!r} is not known here"),
        ("gcr.io/{{repository}}:{sha}", "brace"),
        ("gcr.io/{repository:{sha}", "brace"),
        ("gcr.io/{repository}@sha256:{sha}", "digest"),
        ("gcr.io/Team/{repository}:{sha}", "names no image"),
        ("gcr.io/{repository}:-{sha}", "names no image"),
        ("gcr.io/{repository}:" + "x" * 100 + "{sha}", "names no image"),
    ],
)
def test_a_template_that_cannot_work_is_refused_with_what_to_do(template, sentence):
    with pytest.raises(UnableToParseTemplate) as refusal:
        ImageTemplate.parse(template)

    assert sentence in str(refusal.value)


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
