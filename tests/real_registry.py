"""docker-registry itself (Debian's docker-registry, 2.8), and images pushed to it over HTTP, without docker."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.registry import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, DemoRegistry, Says
from tests.conftest import need_program
from tests.fixtures_registry import PATH, SHA
from tests.processes import Running, free_port

KINDS = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST)
CONFIG = """
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "{host}"}}
"""


@pytest.fixture(scope="package")
def real_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a separate docker-registry, empty at first."""
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


class RealRegistry(DemoRegistry):
    """All that is pushed to this demo registry, and deleted from it, is so in the real one, where clients ask."""

    def __init__(self, host: str) -> None:
        super().__init__(auth="none")
        self._host = host

    @property
    def host(self) -> str:
        return self._host

    def push(self, path: str, tag: str, after_seconds: float = 0, **what: Any) -> str:
        digest = super().push(path, tag, after_seconds, **what)
        with requests.Session() as session:
            copy(session, self._server.host, self._host, path, tag)
        return digest

    def remove(self, path: str, tag: str) -> None:
        # The real one forgets the tags of what is deleted.
        self.remove_manifest(path, self._digest_of(path, tag))

    def remove_manifest(self, path: str, digest: str) -> None:
        delete(self._host, digest, path=path)
        super().remove_manifest(path, digest)

    def _digest_of(self, path: str, tag: str) -> str:
        return self.image_id(f"{self._host}/{path}:{tag}").rpartition("@")[2]


def push(host: str, *, media_type: str, says: Says | None = None) -> str:
    """Pushes an image to the real registry; the manifest's digest comes back."""
    with RealRegistry(host) as registry:
        return registry.push(PATH, SHA, media_type=media_type, says=says)


def copy(session: requests.Session, source: str, target: str, path: str, name: str) -> None:
    """Copies an image from one registry to another, blob by blob, an index' images first."""
    manifest = read(session, source, path, name, accept=", ".join(KINDS))
    for child in manifest.json().get("manifests", []):
        push_manifest(session, source, target, path, child["digest"], media_type=child["mediaType"])
    push_manifest(session, source, target, path, name, media_type=manifest.headers["Content-Type"])


def push_manifest(session, source: str, target: str, path: str, name: str, *, media_type: str) -> None:
    manifest = read(session, source, path, name, accept=media_type)
    content = manifest.json()
    for blob in [content.get("config"), *content.get("layers", [])]:
        if blob and not has_blob(session, target, path, blob["digest"]):
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


def has_blob(session: requests.Session, host: str, path: str, digest: str) -> bool:
    return session.head(f"http://{host}/v2/{path}/blobs/{digest}", timeout=60).status_code == 200


def read(session, host: str, path: str, name: str, *, accept: str) -> requests.Response:
    return session.get(f"http://{host}/v2/{path}/manifests/{name}", headers={"Accept": accept}, timeout=60)


def delete(host: str, digest: str, *, path: str = PATH) -> None:
    """Deletes a manifest, as a clean-up of what has no tag does."""
    requests.delete(f"http://{host}/v2/{path}/manifests/{digest}", timeout=60).raise_for_status()
