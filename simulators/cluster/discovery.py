"""What kubectl asks a cluster about itself: version, groups and resources."""

from simulators.cluster.kinds import KINDS, SUBRESOURCES, Json, Kind

VERSION: Json = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.0-headway-demo",
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "demo/loopback",
}
OPENAPI = "/openapi/v2"
OPENAPI_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
"""A document without schemas, which in protobuf is no byte at all: kubectl then leaves the check of a manifest to the server (`plain.py`)."""
_VERSIONS = {kind.group: kind.version for kind in sorted(KINDS, key=lambda each: each.group) if kind.group}
"""Each group has one here."""


def _group(name: str) -> Json:
    version = {"groupVersion": f"{name}/{_VERSIONS[name]}", "version": _VERSIONS[name]}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _resource(kind: Kind) -> Json:
    made: Json = {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        made["shortNames"] = list(kind.short_names)
    if kind.all_category:
        made["categories"] = ["all"]
    return made


def _subresource(kind: Kind, name: str, verbs: tuple[str, ...]) -> Json:
    made: Json = {
        "name": f"{kind.plural}/{name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(verbs),
    }
    kinds = {
        "scale": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
        "token": {"group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest"},
    }
    return made | kinds.get(name, {})


def _resources(group: str) -> Json:
    listed = [_resource(kind) for kind in KINDS if kind.group == group]
    listed += [
        _subresource(kind, name, verbs)
        for kind in KINDS
        for (plural, name), verbs in SUBRESOURCES.items()
        if kind.group == group and kind.plural == plural
    ]
    version = f"{group}/{_VERSIONS[group]}" if group else "v1"
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": listed}


def discover(path: str) -> Json | str | None:
    """The document at a path of discovery or health; None for any other path."""
    path = path.rstrip("/")
    documents: dict[str, Json | str] = {
        "/version": VERSION,
        "/healthz": "ok",
        "/livez": "ok",
        "/readyz": "ok",
        "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in _VERSIONS]},
        "/api/v1": _resources(""),
    }
    for name, version in _VERSIONS.items():
        documents[f"/apis/{name}"] = {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}
        documents[f"/apis/{name}/{version}"] = _resources(name)
    return documents.get(path)
