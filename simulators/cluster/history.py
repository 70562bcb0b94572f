"""ControllerRevisions: the templates that a StatefulSet or a DaemonSet has had (pkg/controller/history)."""

from simulators.cluster.kinds import CONTROLLER_REVISIONS, Json, Kind
from simulators.cluster.names import new_uid, template_hash, timestamp
from simulators.cluster.pods import owner
from simulators.cluster.store import Store, copy

REVISION_HASH = "controller-revision-hash"


def current_template(store: Store, kind: Kind, thing: Json) -> Json:
    """The ControllerRevision of the present template: created when there is none, renumbered when it is rolled back to."""
    found = store.owned_by(thing["metadata"]["uid"], CONTROLLER_REVISIONS.plural)
    newest = max((one["revision"] for one in found), default=0)
    template = thing["spec"]["template"]
    same = next((one for one in found if template_of(one) == template), None)
    if same is None:
        return store.add(CONTROLLER_REVISIONS.plural, _new(kind, thing, newest + 1))
    if same["revision"] < newest:
        return store.replace(CONTROLLER_REVISIONS.plural, {**same, "revision": newest + 1})
    return same


def template_of(revision: Json) -> Json:
    """The pod template that a ControllerRevision keeps."""
    template: Json = copy(revision["data"]["spec"]["template"])
    template.pop("$patch")
    return template


def find_revision(store: Store, namespace: str, name: str) -> Json | None:
    return store.find(CONTROLLER_REVISIONS.plural, namespace, name)


def forget_old(store: Store, thing: Json, live: set[str]) -> None:
    """Removes the oldest that no pod runs beyond revisionHistoryLimit; `live` are names."""
    found = store.owned_by(thing["metadata"]["uid"], CONTROLLER_REVISIONS.plural)
    idle = sorted(
        (one for one in found if one["metadata"]["name"] not in live), key=lambda one: int(one["revision"])
    )
    surplus = max(0, len(idle) - int(thing["spec"]["revisionHistoryLimit"]))
    for one in idle[:surplus]:
        store.remove(CONTROLLER_REVISIONS.plural, one)


def _new(kind: Kind, thing: Json, revision: int) -> Json:
    metadata, template = thing["metadata"], copy(thing["spec"]["template"])
    hashed = template_hash(template)
    return {
        "apiVersion": CONTROLLER_REVISIONS.api_version,
        "kind": CONTROLLER_REVISIONS.kind,
        "metadata": {
            "name": f"{metadata['name']}-{hashed}",
            "namespace": metadata["namespace"],
            "uid": new_uid(),
            "creationTimestamp": timestamp(),
            "labels": {**(template["metadata"].get("labels") or {}), REVISION_HASH: hashed},
            "ownerReferences": [owner(kind, thing)],
        },
        "data": {"spec": {"template": {**template, "$patch": "replace"}}},
        "revision": revision,
    }
