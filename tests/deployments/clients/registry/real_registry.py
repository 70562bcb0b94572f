"""docker-registry itself (Debian's docker-registry, 2.8), and images pushed to it over HTTP, without docker."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from simulators.registry import DemoRegistry, Says
from tests.conftest import need_program
from tests.fixtures_registry import PATH, SHA
from tests.processes import Running, free_port

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


def push(host: str, *, media_type: str, says: Says | None = None) -> str:
    """Copies an image of the demo registry to the real one, blob by blob; the manifest's digest comes back."""
    with DemoRegistry(auth="none") as demo, requests.Session() as session:
        demo.push(PATH, SHA, media_type=media_type, says=says)
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


def delete(host: str, digest: str) -> None:
    """Deletes a manifest, as a clean-up of what has no tag does."""
    requests.delete(f"http://{host}/v2/{PATH}/manifests/{digest}", timeout=60).raise_for_status()
