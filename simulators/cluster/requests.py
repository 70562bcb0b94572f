"""Requests and answers, and how an address names a resource (k8s.io/apiserver/pkg/endpoints/request)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from simulators.cluster import protobuf
from simulators.cluster.errors import bad_request, no_such_path, unsupported_media_type
from simulators.cluster.kinds import NAMESPACES, Json, Kind, find_kind


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def is_dry_run(self) -> bool:
        """Raises 400 for a dryRun value that the API does not know."""
        value = self.query.get("dryRun", "")
        if value not in ("", "All"):
            raise bad_request(f'invalid dryRun value: "{value}"; supported values: "All"')
        return value == "All"

    @property
    def manager(self) -> str:
        """The field manager: as asked, or the first word of the user agent."""
        agent = self.headers.get("user-agent", "unknown").partition("/")[0]
        return self.query.get("fieldManager") or agent[:128] or "unknown"

    def is_true(self, name: str) -> bool:
        return self.query.get(name) in ("true", "1")

    def number(self, name: str) -> int | None:
        """A whole number of the query, None where absent; raises 400 for anything else."""
        text = self.query.get(name, "")
        if text and not text.isdigit():
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
        return int(text) if text else None

    def json(self) -> Json:
        """The body as an object; raises 415 or 400. YAML is not spoken, protobuf for few kinds."""
        if self.content_type == protobuf.MEDIA_TYPE:
            return protobuf.decode(self.body)
        if self.content_type not in ("application/json", ""):
            raise unsupported_media_type(("application/json",))
        try:
            body = json.loads(self.body)
        except ValueError as error:
            raise bad_request(f"couldn't get version/kind; json parse error: {error}") from error
        if not isinstance(body, dict):
            raise bad_request("couldn't get version/kind; json parse error: the body is no object")
        return body


@dataclass(frozen=True)
class Answer:
    """`body` is JSON unless it is text; `stream` is what a watch sends, one object a line."""

    body: Json | str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Iterator[Json | None] | None = None


@dataclass(frozen=True)
class Target:
    """What a path names; `name` is empty for a collection, `namespace` is empty for all."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def place(self) -> str:
        """The namespace under which the store keeps it; none for what is not namespaced."""
        return self.namespace if self.kind.namespaced else ""

    @property
    def resource(self) -> str:
        return f"{self.kind.plural}/{self.subresource}" if self.subresource else self.kind.plural


def parse_query(text: str) -> dict[str, str]:
    """The first value of each parameter, as the API server reads single-valued options."""
    found: dict[str, str] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(key, value)
    return found


def split_target(url: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(url)
    return unquote(parts.path), parse_query(parts.query)


def find_target(path: str) -> Target:
    """The resource that a path names; raises 404 for a path that names none."""
    steps: list[str] = [step for step in path.split("/") if step]
    if steps[:2] == ["api", "v1"]:
        version, rest = "v1", steps[2:]
    elif len(steps) > 3 and steps[0] == "apis":
        version, rest = f"{steps[1]}/{steps[2]}", steps[3:]
    else:
        raise no_such_path()
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    kind = find_kind(version, rest[0]) if rest else None
    if kind is None or len(rest) > 3 or bool(namespace) > kind.namespaced:
        raise no_such_path()
    name, subresource = [*rest[1:], "", ""][:2]
    return Target(kind, name if kind is NAMESPACES else namespace, name, subresource)


def verb_of(request: Request, target: Target) -> str:
    """RBAC's verb for the request."""
    if request.method in ("GET", "HEAD"):
        if not target.name:
            return "watch" if request.is_true("watch") else "list"
        return "get"
    verbs = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
    verb = verbs.get(request.method, request.method.lower())
    return "deletecollection" if verb == "delete" and not target.name else verb


def as_list(kind: Kind, items: list[Any], metadata: Json) -> Json:
    return {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": items}
