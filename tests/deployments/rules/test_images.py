import pytest

from deployments.rules.images import (
    ImageReference,
    UnableToParseImage,
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
