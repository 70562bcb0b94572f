"""An empty list, in the ways in which API servers write it: Go's nil slice is null."""

from pathlib import Path

import pytest
import yaml

from deployments.clients.cluster import connect
from simulators.loopback import LoopbackServer, Response


@pytest.mark.parametrize(
    "body", [b'{"items": [], "metadata": {}}', b'{"items": null, "metadata": null}', b'{"metadata": {}}']
)
def test_it_is_a_list_without_anything(body: bytes, tmp_path: Path) -> None:
    server = LoopbackServer(lambda _: Response(body=body)).start()
    named = {"name": "a", "cluster": {"server": f"http://{server.host}"}}
    context = {"name": "a", "context": {"cluster": "a", "user": "a"}}
    kubeconfig = {"current-context": "a", "clusters": [named], "contexts": [context]}
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(kubeconfig | {"users": [{"name": "a", "user": {"token": "t"}}]}))

    with connect(kubeconfig=path) as client:
        found = client.workloads("Deployment", "default")
    server.stop()

    assert list(found) == []
