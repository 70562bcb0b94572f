"""The client against docker-registry itself (Debian's docker-registry, 2.8), which the demo registry is modelled on."""

import json

import pytest
import requests

from deployments.clients.registry import Registry
from deployments.rules.images import ImageReference
from simulators.registry import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, DemoRegistry
from tests.fixtures_registry import PATH, SHA
from tests.real_registry import push, read

ACCEPTS = [
    "*/*",
    OCI_MANIFEST,
    OCI_INDEX,
    DOCKER_MANIFEST,
    DOCKER_LIST,
    f"{OCI_INDEX}, {OCI_MANIFEST};q=0.5",
    "application/json",
]


@pytest.mark.parametrize("media_type", [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST])
def test_answers_the_digest_of_each_kind_of_image(
    real_host: str, registry: Registry, media_type: str
) -> None:
    digest = push(real_host, media_type=media_type)

    found = registry.digest(ImageReference(registry=real_host, path=PATH, tag=SHA))

    assert found == digest


def test_a_digest_is_found_as_well(real_host: str, registry: Registry) -> None:
    digest = push(real_host, media_type=OCI_MANIFEST)

    found = registry.digest(ImageReference(registry=real_host, path=PATH, digest=digest))

    assert found == digest


@pytest.mark.parametrize("path", [PATH, "icco-cloud/nobody-pushed-this"])
def test_what_is_not_there_is_none(real_host: str, registry: Registry, path: str) -> None:
    push(real_host, media_type=OCI_MANIFEST)

    found = registry.digest(ImageReference(registry=real_host, path=path, tag="another"))

    assert found is None


@pytest.mark.parametrize("accept", ACCEPTS)
@pytest.mark.parametrize("media_type", [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST])
def test_the_demo_withholds_what_is_not_accepted_as_the_real_one_does(
    real_host: str, media_type: str, accept: str
) -> None:
    push(real_host, media_type=media_type)

    with DemoRegistry(auth="none") as demo, requests.Session() as session:
        demo.push(PATH, SHA, media_type=media_type)
        answers = [read(session, host, PATH, SHA, accept=accept) for host in (real_host, demo.host)]

    real, ours = [(answer.status_code, answer.headers["Content-Type"], answer.json()) for answer in answers]
    assert ours == real


def test_any_type_is_not_good_enough_for_an_oci_image(real_host: str) -> None:
    push(real_host, media_type=OCI_MANIFEST)

    with requests.Session() as session:
        answer = read(session, real_host, PATH, SHA, accept="*/*")

    assert answer.status_code == 404
    assert json.loads(answer.content)["errors"][0]["code"] == "MANIFEST_UNKNOWN"


@pytest.mark.parametrize(
    "page", ["/v2/", "/v2/a/b/tags/list", "/v2/a/b/manifests/c", "/v2/UPPER/manifests/c", "/nope"]
)
def test_the_demo_answers_other_questions_as_the_real_one_does(real_host: str, page: str) -> None:
    with DemoRegistry(auth="none") as demo, requests.Session() as session:
        real, ours = (session.get(f"http://{host}{page}", timeout=60) for host in (real_host, demo.host))

    assert ours.status_code == real.status_code
    assert codes_in(ours) == codes_in(real)


def codes_in(answer: requests.Response) -> list[str]:
    """The codes of its errors; none where it is no JSON."""
    if "json" not in answer.headers.get("Content-Type", ""):
        return []
    return [error["code"] for error in answer.json().get("errors", [])]
