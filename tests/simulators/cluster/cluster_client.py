"""A plain HTTP client for the demo cluster's tests: what goes over the wire, and nothing else."""

import json
import ssl
from collections.abc import Iterator
from http.client import HTTPSConnection
from typing import Any, Self
from urllib.parse import urlencode

from simulators.cluster import DemoCluster

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
PODS = "/api/v1/namespaces/default/pods"
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"


class Client:
    """One kept-alive connection as `user`; `token` overrides the user's own."""

    def __init__(self, cluster: DemoCluster, user: str = "admin", token: str | None = None) -> None:
        self.token = cluster.token(user) if token is None else token
        context = ssl.create_default_context(cadata=cluster.ca_pem)
        self.connection = HTTPSConnection("127.0.0.1", cluster.port, context=context, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def _headers(self, content_type: str) -> dict[str, str]:
        headers = {"Content-Type": content_type} if content_type else {}
        return headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def ask(
        self, method: str, path: str, body: Any = None, content_type: str = "", **query: Any
    ) -> tuple[int, Any]:
        """The status and the decoded body."""
        raw = None if body is None else json.dumps(body)
        headers = self._headers(content_type or ("application/json" if raw else ""))
        self.connection.request(method, f"{path}?{urlencode(query)}", raw, headers)
        with self.connection.getresponse() as response:
            text = response.read().decode()
            is_json = response.headers["Content-Type"] == "application/json"
            return response.status, json.loads(text) if is_json else text

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, **query)[1]

    def patch(self, name: str, body: Any, content_type: str = STRATEGIC, **query: Any) -> tuple[int, Any]:
        return self.ask("PATCH", f"{DEPLOYMENTS}/{name}", body, content_type, **query)

    def watch(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """The events of a watch, until the server ends it."""
        self.connection.request(
            "GET", f"{path}?{urlencode({'watch': 'true', **query})}", headers=self._headers("")
        )
        with self.connection.getresponse() as response:
            while line := response.readline():
                yield json.loads(line)


def set_image(container: str, image: str, **metadata: Any) -> dict[str, Any]:
    """A strategic merge patch of one container's image."""
    spec = {"template": {"spec": {"containers": [{"name": container, "image": image}]}}}
    return {"spec": spec, **({"metadata": metadata} if metadata else {})}


def a_deployment(name: str = "cron", **spec: Any) -> dict[str, Any]:
    """A Deployment as someone would post it."""
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "web", "image": "app:1"}]},
    }
    whole = {"selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": whole}
