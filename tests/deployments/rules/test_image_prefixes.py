"""What the names of images begin with that a worker may run."""

import pytest

from deployments.rules.image_prefixes import begins_with_one_of, prefixes_of


@pytest.mark.parametrize(
    ("prefixes", "image", "allowed"),
    [
        (("gcr.io/icco-cloud/",), "gcr.io/icco-cloud/cron:1", True),
        (("gcr.io/icco-cloud/",), "gcr.io/icco-cloud-evil/cron:1", False),
        (("gcr.io/icco-cloud/",), "docker.io/gcr.io/icco-cloud/cron:1", False),
        (("gcr.io/icco-cloud/",), "evil.example.com/gcr.io/icco-cloud/cron:1", False),
        (("gcr.io/a/", "ghcr.io/b/"), "ghcr.io/b/cron:1", True),
        (("me/",), "docker.io/me/cron:1", True),
        (("me/",), "me.example.com/cron:1", False),
        (("index.docker.io/me/",), "docker.io/me/cron:1", True),
        (("localhost/",), "localhost/cron:1", True),
        (("127.0.0.1:5000/icco/",), "127.0.0.1:5000/icco/cron:1", True),
        ((), "gcr.io/icco-cloud/cron:1", False),
        (("gcr.io/icco-cloud/",), "gcr.io/icco-cloud/../../evil/x:1", False),
        (("gcr.io/icco-cloud/",), "gcr.io/icco-cloud/./x:1", False),
        (("gcr.io/icco-cloud/",), "gcr.io/icco-cloud//x:1", False),
        (("gcr.io/icco-cloud/",), "gcr.io/icco-cloud/cron:1\n", False),
        (("gcr.io/icco-cloud/",), "gcr.io/icco-cloud/%2e%2e/x:1", False),
    ],
)
def test_an_image_lies_where_its_full_name_says(prefixes: tuple[str, ...], image: str, allowed: bool) -> None:
    assert begins_with_one_of(prefixes, image) is allowed


@pytest.mark.parametrize(
    ("template", "prefix"),
    [
        ("gcr.io/icco-cloud/{repository}:{sha}", "gcr.io/icco-cloud/"),
        ("gcr.io/icco-cloud/{owner}/{repository}:{sha}", "gcr.io/icco-cloud/"),
        ("gcr.io/icco-cloud/app-{repository}:{sha}", "gcr.io/icco-cloud/app-"),
        ("me/{repository}:{sha}", "me/"),
        ("localhost:5000/icco/{repository}:{sha}", "localhost:5000/icco/"),
        ("me/cron:v{sha}", "me/cron:v"),
    ],
)
def test_a_templates_images_begin_with_its_folder(template: str, prefix: str) -> None:
    assert prefixes_of(template) == [prefix]


@pytest.mark.parametrize(
    "template",
    [
        "ghcr.io/{owner}/{repository}:{sha}",
        "{owner}/{repository}:{sha}",
        "gcr.io/team-{owner}/{repository}:{sha}",
        "docker.io/{owner}/{repository}:{sha}",
        "docker.io/{repository}:{sha}",
        "{repository}:{sha}",
        "team-{owner}/{repository}:{sha}",
        "library/{repository}:{sha}",
        "index.docker.io/library/{repository}:{sha}",
        "localhost:5000/{repository}:{sha}",
        "[::1]:5000/{owner}/{repository}:{sha}",
        "ghcr.io//{owner}/{repository}:{sha}",
        "nginx:{sha}",
        "",
    ],
)
def test_a_template_without_a_folder_of_ones_own_names_no_prefix(template: str) -> None:
    assert prefixes_of(template) == []
