"""Plain HTTP to the demo, as curl would send it."""

from typing import Any, Self

import requests

from simulators.github import DemoGitHub


class Client:
    def __init__(self, server: DemoGitHub) -> None:
        self.url = server.url
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"bearer {server.token}", "User-Agent": "test"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def post(self, query: str, **variables: Any) -> requests.Response:
        body = {"query": query, "variables": variables}
        return self.session.post(f"{self.url}/graphql", json=body, timeout=60)

    def ask(self, query: str, **variables: Any) -> Any:
        """The answer's JSON: `data` and `errors`."""
        return self.post(query, **variables).json()

    def get(self, path: str, **headers: str | None) -> requests.Response:
        named: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.get(f"{self.url}{path}", headers=named, timeout=60, allow_redirects=False)
