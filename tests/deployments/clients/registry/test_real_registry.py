"""The client against docker-registry itself (Debian's docker-registry, 2.8), which the demo registry is modelled on."""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deployments.clients.registry import Registry
from deployments.rules.images import ImageReference
from simulators.registry import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, DemoRegistry
from tests.conftest import need_program
from tests.fixtures_registry import PATH, SHA
from tests.processes import Running, free_port

ACCEPTS = [
    "*/*",
    OCI_MANIFEST,
    OCI_INDEX,
    DOCKER_MANIFEST,
    DOCKER_LIST,
    f"{OCI_INDEX}, {OCI_MANIFEST};q=0.5",
    "application/json",
]
CONFIG = """
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "{host}"}}
"""


@pytest.fixture(scope="module")
def real_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a docker-registry of its own, empty at first."""
    program = need_program("docker-registry")
    folder = tmp_path_factory.mktemp("registry")
    host = f"127.0.0.1:{free_port()}"
    config = folder / "config.yml"
    config.write_text(CONFIG.format(folder=folder, host=host))
    with Running([program, "serve", str(config)], {}, log=folder / "log"):
        wait_for(host, folder / "log")
        yield host


def wait_for(host: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            requests.get(f"http://{host}/v2/", timeout=5).raise_for_status()
        except requests.RequestException:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"docker-registry did not start: {log.read_text()}")


def push(host: str, *, media_type: str) -> str:
    """Copies an image of the demo registry to the real one, blob by blob; the manifest's digest comes back."""
    with DemoRegistry(auth="none") as demo, requests.Session() as session:
        demo.push(PATH, SHA, media_type=media_type)
        manifest = read(session, demo.host, PATH, SHA, accept=media_type)
        for child in manifest.json().get("manifests", []):
            push_manifest(session, demo.host, host, PATH, child["digest"], media_type=child["mediaType"])
        return push_manifest(session, demo.host, host, PATH, SHA, media_type=media_type)


def push_manifest(session, source: str, target: str, path: str, name: str, *, media_type: str) -> str:
    manifest = read(session, source, path, name, accept=media_type)
    content = manifest.json()
    for blob in [content.get("config"), *content.get("layers", [])]:
        if blob:
            data = session.get(f"http://{source}/v2/{path}/blobs/{blob['digest']}", timeout=60).content
            upload = session.post(f"http://{target}/v2/{path}/blobs/uploads/", timeout=60).headers["Location"]
            session.put(upload, params={"digest": blob["digest"]}, data=data, timeout=60).raise_for_status()
    sent = session.put(
        f"http://{target}/v2/{path}/manifests/{name}",
        data=manifest.content,
        headers={"Content-Type": media_type},
        timeout=60,
    )
    sent.raise_for_status()
    return f"sha256:{hashlib.sha256(manifest.content).hexdigest()}"


def read(session, host: str, path: str, name: str, *, accept: str) -> requests.Response:
    return session.get(f"http://{host}/v2/{path}/manifests/{name}", headers={"Accept": accept}, timeout=60)


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
