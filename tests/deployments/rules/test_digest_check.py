"""Which build a pod runs, by what real kubelets report of it: one line for each way of reporting."""

import pytest

from deployments.clients.cluster import parse
from deployments.rules.digest_check import DigestMatch, check_digests, reported_digests
from deployments.rules.pods import Pod

REPOSITORY = "gcr.io/icco-cloud/cron"
IMAGE = f"{REPOSITORY}:3f9c2a17b4d8e6051c2f9a8b7d6e5f4a3b2c1d0e"
INDEX, PLATFORM, OLD = (f"sha256:{digit * 64}" for digit in "123")
KNOWN = frozenset({INDEX, PLATFORM})
HUB = "docker.io/library/nginx:1"


def pod(image_id: str, *, name: str = IMAGE, image: str = IMAGE, ready: str = "True", **metadata: str) -> Pod:
    """A pod of two containers, of which “web” is the site's."""
    statuses = [
        {"name": "proxy", "image": "envoyproxy/envoy:v1", "imageID": f"docker.io/envoyproxy/envoy@{OLD}"},
        {"name": "web", "image": name, "imageID": image_id},
    ]
    thing = {
        "metadata": {"name": "cron-1", **metadata},
        "spec": {
            "containers": [{"name": "proxy", "image": "envoyproxy/envoy:v1"}, {"name": "web", "image": image}]
        },
        "status": {"conditions": [{"type": "Ready", "status": ready}], "containerStatuses": statuses},
    }
    return parse.pod(thing)


@pytest.mark.parametrize(
    ("pods", "match"),
    [
        pytest.param([pod(f"{REPOSITORY}@{INDEX}")], DigestMatch.SAME, id="containerd, the tag's digest"),
        pytest.param(
            [pod(f"{REPOSITORY}@{PLATFORM}")], DigestMatch.SAME, id="CRI-O, the platform's manifest"
        ),
        pytest.param([pod(f"docker-pullable://{REPOSITORY}@{INDEX}")], DigestMatch.SAME, id="cri-dockerd"),
        pytest.param([pod(f"{REPOSITORY}@{OLD}")], DigestMatch.MISMATCH, id="containerd, an old build"),
        pytest.param(
            [pod(f"docker-pullable://{REPOSITORY}@{OLD}")],
            DigestMatch.MISMATCH,
            id="cri-dockerd, an old build",
        ),
        pytest.param(
            [pod(f"{REPOSITORY}@{INDEX}"), pod(f"{REPOSITORY}@{OLD}")],
            DigestMatch.MISMATCH,
            id="one node kept an old build",
        ),
        pytest.param(
            [pod(OLD)], DigestMatch.TAG_ONLY, id="a configuration's digest, which no registry goes by"
        ),
        pytest.param(
            [pod(f"docker://{OLD}")], DigestMatch.TAG_ONLY, id="dockershim, a configuration's digest"
        ),
        pytest.param([pod("")], DigestMatch.TAG_ONLY, id="no digest yet"),
        pytest.param([pod("", name="")], DigestMatch.TAG_ONLY, id="no report at all"),
        pytest.param([pod("garbage@@:")], DigestMatch.TAG_ONLY, id="an unreadable digest"),
        pytest.param([pod(OLD, name=OLD)], DigestMatch.TAG_ONLY, id="a name that is a digest"),
        pytest.param(
            [pod(f"gcr.io/mirror/cron@{OLD}")],
            DigestMatch.TAG_ONLY,
            id="the same content under another repository's name",
        ),
        pytest.param([pod("", name=f"{REPOSITORY}:older")], DigestMatch.UNKNOWN, id="another tag, no digest"),
        pytest.param(
            [pod(f"{REPOSITORY}@{INDEX}", name=f"{REPOSITORY}:latest")],
            DigestMatch.SAME,
            id="another tag of the right build: the runtime knows it by several",
        ),
        pytest.param(
            [pod(f"{REPOSITORY}@{INDEX}"), pod(f"{REPOSITORY}@{OLD}", ready="False")],
            DigestMatch.SAME,
            id="a pod that is not ready does not count",
        ),
        pytest.param(
            [
                pod(f"{REPOSITORY}@{INDEX}"),
                pod(f"{REPOSITORY}@{OLD}", deletionTimestamp="2026-11-22T10:00:00Z"),
            ],
            DigestMatch.SAME,
            id="a pod on its way out does not count",
        ),
        pytest.param(
            [pod(f"mirror.local/cron@{INDEX}", image=f"mirror.local/cron@{INDEX}", name="")],
            DigestMatch.SAME,
            id="pinned by a webhook, and led to a mirror",
        ),
        pytest.param(
            [pod(f"mirror.local/cron@{OLD}", image="mirror.local/cron:v1", name="mirror.local/cron:v1")],
            DigestMatch.MISMATCH,
            id="a mirror that has an old build",
        ),
        pytest.param(
            [pod("", image=f"{IMAGE}@{INDEX}", name=IMAGE)],
            DigestMatch.TAG_ONLY,
            id="pinned, and reported by its tag",
        ),
    ],
)
def test_what_pods_report_is_compared_with_the_registry(pods, match):
    digest_check = check_digests(pods, container="web", same=KNOWN)

    assert digest_check.match == match


def test_without_a_registry_the_name_is_all_there_is_to_go_by():
    digest_check = check_digests([pod(f"{REPOSITORY}@{OLD}")], container="web", same=())

    assert digest_check.match == DigestMatch.TAG_ONLY


def test_docker_hubs_short_names_are_one_repository():
    short = pod(f"docker-pullable://nginx@{OLD}", name="nginx:1", image="nginx:1")

    digest_check = check_digests([short], container="web", same=KNOWN)

    assert digest_check.match == DigestMatch.MISMATCH


def test_an_old_build_under_the_right_tag_is_said_in_one_sentence():
    pods = [pod(f"{REPOSITORY}@{INDEX}"), pod(f"{REPOSITORY}@{OLD}"), pod(f"{REPOSITORY}@{INDEX}")]

    digest_check = check_digests(pods, container="web", same=KNOWN)

    assert digest_check.message == (
        "1 of 3 ready pods is of another build (sha256:333333333333) than the registry has under this tag: it was pushed "
        "again, and a node that had it did not pull it. Set imagePullPolicy to Always and try again, or deploy another commit."
    )


def test_only_digests_that_a_registry_goes_by_are_asked_about():
    pods = [pod(f"{REPOSITORY}@{INDEX}"), pod(OLD), pod(f"gcr.io/mirror/cron@{OLD}"), pod("")]

    assert reported_digests(pods, container="web") == {INDEX}
