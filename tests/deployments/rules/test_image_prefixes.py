"""What the names of images begin with that a worker may run."""

import pytest

from deployments.rules.image_prefixes import begins_with_one_of


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
