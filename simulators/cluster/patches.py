"""The three kinds of patch: strategic merge, merge (RFC 7386) and JSON patch (RFC 6902).

Strategic merge as in k8s.io/community/contributors/devel/sig-api-machinery/strategic-merge-patch.md, with the merge
keys that apps/v1's types declare.
"""

import json
from typing import Any

import jsonpatch

from simulators.cluster.errors import ApiError, bad_request, unsupported_media_type
from simulators.cluster.kinds import Json
from simulators.cluster.store import copy

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
ACCEPTED = (JSON_PATCH, MERGE, STRATEGIC)

_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "imagePullSecrets": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "conditions": "type",
    "ownerReferences": "uid",
}
_SETS = ("finalizers",)


def apply_patch(thing: Json, body: bytes, content_type: str) -> Json:
    """The patched object; 415 for a content type that is no patch, 400 for a body that cannot be read, 422 when a JSON patch does not apply."""
    media_type = content_type.partition(";")[0].strip()
    if media_type not in ACCEPTED:
        raise unsupported_media_type(ACCEPTED)
    try:
        patch = json.loads(body)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from error
    if media_type == JSON_PATCH and isinstance(patch, list):
        return _json_patch(thing, patch)
    if media_type == JSON_PATCH or not isinstance(patch, dict):
        raise bad_request("error decoding patch: json: cannot unmarshal the body into a patch of this type")
    merged: Json = merge(thing, patch) if media_type == MERGE else strategic_merge(thing, patch)
    return merged


def _json_patch(thing: Json, patch: list[Any]) -> Json:
    try:
        patched: Json = jsonpatch.JsonPatch(patch).apply(copy(thing))
    except jsonpatch.InvalidJsonPatch as error:
        raise bad_request(f"error decoding patch: {error}") from error
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        message = f"the server rejected our request due to an error in our request: {error}"
        raise ApiError(422, "Invalid", message, details={}) from error
    return patched


def merge(thing: Any, patch: Any) -> Any:
    """RFC 7386: objects merge, null deletes, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(thing) if isinstance(thing, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def strategic_merge(thing: Json, patch: Json) -> Json:
    """Objects merge, null deletes, lists with a merge key merge item by item, all other lists are replaced."""
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    if patch.get("$patch") == "delete":
        return {}
    kept = patch.get("$retainKeys", thing)
    merged = {key: value for key, value in thing.items() if key in kept}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            field = key.partition("/")[2]
            merged[field] = [item for item in merged.get(field) or () if item not in value]
        elif not key.startswith("$"):
            _merge_field(merged, key, value)
    return merged


def _merge_field(merged: Json, key: str, value: Any) -> None:
    present = merged.get(key)
    if value is None:
        merged.pop(key, None)
    elif isinstance(value, dict):
        merged[key] = strategic_merge(present if isinstance(present, dict) else {}, value)
    elif isinstance(value, list) and key in _SETS:
        merged[key] = [*(present or ()), *(item for item in value if item not in (present or ()))]
    elif isinstance(value, list) and key in _MERGE_KEYS and all(isinstance(item, dict) for item in value):
        merged[key] = _merge_items(present or [], value, _MERGE_KEYS[key])
    else:
        merged[key] = value


def _merge_items(present: list[Json], patch: list[Json], merge_key: str) -> list[Json]:
    if any(item == {"$patch": "replace"} for item in patch):
        return [item for item in patch if "$patch" not in item]
    merged = list(present)
    for item in patch:
        if merge_key not in item:
            raise bad_request(f"map: {json.dumps(item)} does not contain declared merge key: {merge_key}")
        places = [place for place, one in enumerate(merged) if one.get(merge_key) == item[merge_key]]
        if item.get("$patch") == "delete":
            merged = [one for one in merged if one.get(merge_key) != item[merge_key]]
        elif places:
            merged[places[0]] = strategic_merge(merged[places[0]], item)
        else:
            merged.append(strategic_merge({}, item))
    return merged
