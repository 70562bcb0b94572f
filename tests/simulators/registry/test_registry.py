"""What the demo registry holds, hands out and refuses, seen over HTTP."""

import hashlib
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from simulators.registry import OCI_INDEX, OCI_MANIFEST, DemoRegistry
from tests.fixtures_registry import PATH, SHA
from tests.processes import eventually


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Accept"] = f"{OCI_MANIFEST}, {OCI_INDEX}"
        yield session


@pytest.fixture
def open_registry() -> Iterator[DemoRegistry]:
    with DemoRegistry(auth="none") as registry:
        yield registry


def manifest_url(registry: DemoRegistry, name: str = SHA) -> str:
    return f"{registry.url}/v2/{PATH}/manifests/{name}"


def fetch_token(registry: DemoRegistry, http: requests.Session, path: str = PATH, **more) -> str:
    asked = {"service": "demo-registry", "scope": f"repository:{path}:pull"}
    return http.get(f"{registry.url}/token", params=asked, timeout=60, **more).json()["token"]


def test_a_manifest_hashes_to_its_digest(open_registry: DemoRegistry, http: requests.Session) -> None:
    digest = open_registry.push(PATH, SHA)

    answer = http.get(manifest_url(open_registry), timeout=60)

    assert f"sha256:{hashlib.sha256(answer.content).hexdigest()}" == digest
    assert answer.headers["Docker-Content-Digest"] == digest


def test_the_config_blob_names_the_commit(open_registry: DemoRegistry, http: requests.Session) -> None:
    open_registry.push(PATH, "main", revision=SHA)
    manifest = http.get(manifest_url(open_registry, "main"), timeout=60).json()

    config = http.get(f"{open_registry.url}/v2/{PATH}/blobs/{manifest['config']['digest']}", timeout=60)

    assert config.json()["config"]["Labels"]["org.opencontainers.image.revision"] == SHA


def test_a_tag_is_seen_after_its_build(open_registry: DemoRegistry) -> None:
    reference = f"{open_registry.host}/{PATH}:{SHA}"
    open_registry.push(PATH, SHA, after_seconds=3600)
    before = open_registry.has(reference)

    open_registry.push(PATH, SHA, after_seconds=0.05)

    assert not before
    assert eventually(lambda: open_registry.has(reference), seconds=60)


def test_a_tag_keeps_its_image_until_the_next_is_built(
    open_registry: DemoRegistry, http: requests.Session
) -> None:
    former = open_registry.push(PATH, "main", revision="1" * 40)
    open_registry.push(PATH, "main", after_seconds=60, revision="2" * 40)

    answer = http.head(manifest_url(open_registry, "main"), timeout=60)

    assert answer.headers["Docker-Content-Digest"] == former


def test_a_removed_tag_is_gone_with_its_digest(open_registry: DemoRegistry) -> None:
    digest = open_registry.push(PATH, SHA)

    open_registry.remove(PATH, SHA)

    repository = f"{open_registry.host}/{PATH}"
    assert not open_registry.has(f"{repository}:{SHA}")
    assert not open_registry.has(f"{repository}@{digest}")


@pytest.mark.parametrize("reference", ["gcr.io/icco-cloud/cron:main", "not an image", ""])
def test_images_of_others_are_not_there(open_registry: DemoRegistry, reference: str) -> None:
    open_registry.push(PATH, "main")

    assert not open_registry.has(reference)


def test_a_sender_without_a_token_is_shown_where_to_get_one(
    demo_registry: DemoRegistry, http: requests.Session
) -> None:
    answer = http.get(manifest_url(demo_registry), timeout=60)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer realm="{demo_registry.url}/token",service="demo-registry",scope="repository:{PATH}:pull"'
    )


def test_a_token_for_another_repository_is_refused(
    demo_registry: DemoRegistry, http: requests.Session
) -> None:
    demo_registry.push(PATH, SHA)
    token = fetch_token(demo_registry, http, path="icco-cloud/another")

    answer = http.get(manifest_url(demo_registry), headers={"Authorization": f"Bearer {token}"}, timeout=60)

    assert answer.status_code == 401
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


def test_a_token_expires(http: requests.Session) -> None:
    with DemoRegistry(token_seconds=0.05) as registry:
        registry.push(PATH, SHA)
        token = fetch_token(registry, http)
        time.sleep(0.1)

        answer = http.get(manifest_url(registry), headers={"Authorization": f"Bearer {token}"}, timeout=60)

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(("user", "status"), [("robot", 200), ("", 401)])
def test_a_private_repository_is_for_its_user(
    demo_registry: DemoRegistry, http: requests.Session, user: str, status: int
) -> None:
    demo_registry.push(PATH, SHA)
    demo_registry.make_private(PATH, "robot", "secret")
    token = fetch_token(demo_registry, http, auth=(user, "secret") if user else None)

    answer = http.get(manifest_url(demo_registry), headers={"Authorization": f"Bearer {token}"}, timeout=60)

    assert answer.status_code == status


def test_switches_work_once_each_in_order(open_registry: DemoRegistry, http: requests.Session) -> None:
    open_registry.push(PATH, SHA)
    open_registry.fail_next(503)
    open_registry.fail_next(429, retry_after=7)

    answers = [http.get(manifest_url(open_registry), timeout=60) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"


def test_stopping_ends_what_hangs_and_leaves_no_thread(http: requests.Session) -> None:
    before = set(threading.enumerate())
    registry = DemoRegistry().start()
    registry.hang(60)
    with pytest.raises(requests.Timeout):
        http.get(registry.url, timeout=0.05)

    registry.stop()

    # One of an earlier test may have ended meanwhile.
    assert set(threading.enumerate()) <= before


def test_five_thousand_repositories_are_cheap(demo_registry: DemoRegistry) -> None:
    started = time.process_time()

    for number in range(5000):
        demo_registry.push(f"icco-cloud/site-{number}", SHA)

    assert time.process_time() - started < 10
    assert demo_registry.has(f"{demo_registry.host}/icco-cloud/site-4999:{SHA}")
