"""metadata.managedFields: which manager last wrote which field (FieldsV1, kubernetes.io/docs/reference/using-api/server-side-apply)."""

import json
from typing import Any

from simulators.cluster.kinds import Json

_LIST_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
}
_SERVER_SIDE = frozenset(
    f"f:{field}"
    for field in (
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "resourceVersion",
        "generation",
        "managedFields",
    )
)
Path = tuple[str, ...]


def _leaves(value: Any, path: Path = ()) -> dict[Path, Any]:
    if isinstance(value, dict) and value:
        found: dict[Path, Any] = {}
        for key, item in value.items():
            found |= _leaves(item, (*path, f"f:{key}"))
        return found
    keys = _LIST_KEYS.get(path[-1][2:]) if path else None
    if isinstance(value, list) and value and keys:
        found = {}
        for item in value:
            here = (*path, "k:" + json.dumps({key: item.get(key) for key in keys}, separators=(",", ":")))
            found |= {(*here, "."): None, **_leaves(item, here)}
        return found
    return {path: value}


def _owned_paths(fields: Json, path: Path = ()) -> set[Path]:
    if not fields:
        return {path}
    return set().union(*(_owned_paths(below, (*path, key)) for key, below in fields.items()))


def _tree(paths: set[Path]) -> Json:
    tree: Json = {}
    for path in sorted(paths):
        here = tree
        for step in path:
            here = here.setdefault(step, {})
    return tree


def _user_leaves(thing: Json) -> dict[Path, Any]:
    metadata = {key: value for key, value in thing["metadata"].items() if f"f:{key}" not in _SERVER_SIDE}
    return _leaves({"metadata": metadata, "spec": thing.get("spec", {})})


def record_update(old: Json | None, new: Json, *, manager: str, now: str) -> list[Json]:
    """The managedFields of `new` after `manager` turned `old` into it: what it changed is now its own, nobody else's."""
    before = _user_leaves(old) if old else {}
    after = _user_leaves(new)
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    entries: list[Json] = []
    mine: set[Path] = set(changed)
    for entry in (old or {}).get("metadata", {}).get("managedFields") or ():
        if entry.get("subresource"):
            entries.append(entry)
            continue
        kept = (_owned_paths(entry["fieldsV1"]) & after.keys()) - changed
        if entry["manager"] == manager:
            mine |= kept
        elif kept:
            entries.append({**entry, "fieldsV1": _tree(kept)})
    if mine:
        entries.append(_entry(new, manager, now, _tree(mine)))
    return sorted(entries, key=lambda entry: (entry["time"], entry["manager"]))


def record_status(thing: Json, *, manager: str, now: str) -> list[Json]:
    """The managedFields after the controller has written the status."""
    entries = [
        entry for entry in thing["metadata"].get("managedFields") or () if not entry.get("subresource")
    ]
    fields: Json = {"f:status": {f"f:{key}": {} for key in thing["status"]}}
    return [*entries, {**_entry(thing, manager, now, fields), "subresource": "status"}]


def _entry(thing: Json, manager: str, now: str, fields: Json) -> Json:
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": thing["apiVersion"],
        "time": now,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
