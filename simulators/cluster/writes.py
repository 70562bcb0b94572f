"""Creating, changing and deleting objects: what happens between a request's body and the store."""

from collections.abc import Callable

from simulators.cluster.defaults import with_defaults
from simulators.cluster.errors import already_exists, bad_request, conflict, forbidden, not_found
from simulators.cluster.kinds import DEPLOYMENTS, JOBS, NAMESPACES, PLAIN, PODS, WORKLOADS, Json, Kind
from simulators.cluster.machinery import Machinery
from simulators.cluster.managed_fields import record_update
from simulators.cluster.names import new_uid, random_suffix, timestamp
from simulators.cluster.plain import check_immutable, check_schema, decoded
from simulators.cluster.requests import Target
from simulators.cluster.store import Store, copy
from simulators.cluster.strategies import numbered_template, with_job_labels
from simulators.cluster.validation import check_shapes, validate_namespace, validate_workload

_SERVER_FIELDS = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "name", "namespace")


class Writes:
    """Every method answers the object as it is then; `dry_run` answers it without keeping it.

    `quotas` are the most objects of a namespace, by it and the kind's qualified name.
    """

    def __init__(self, store: Store, machinery: Machinery) -> None:
        self.quotas: dict[tuple[str, str], int] = {}
        self._store = store
        self._machinery = machinery

    def create(self, target: Target, body: Json, *, manager: str, dry_run: bool = False) -> Json:
        """Raises 400, 403 (namespace on its way out), 404 (no namespace), 409 (exists) or 422."""
        kind, namespace = target.kind, target.place
        if kind in PLAIN:
            check_schema(kind, body)
        made = _prepared(kind, namespace, body)
        if kind is NAMESPACES:
            validate_namespace(made)
        elif kind not in PLAIN:
            made = _completed(kind, made)
        with self._store.lock:
            name = made["metadata"]["name"]
            self._admit(kind, namespace, name)
            if self._store.find(kind.plural, namespace, name) is not None:
                raise already_exists(kind, name)
            fields = record_update(None, made, manager=manager, now=timestamp())
            made["metadata"]["managedFields"] = fields
            made = self._admitted(kind, made)
            self._check_quota(kind, made)
            return made if dry_run else self._store.add(kind.plural, made)

    def _admit(self, kind: Kind, namespace: str, name: str) -> None:
        if not kind.namespaced:
            return
        place = self._store.find(NAMESPACES.plural, "", namespace)
        if place is None:
            raise not_found(NAMESPACES, namespace)
        if "deletionTimestamp" in place["metadata"]:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise forbidden(kind, name, why)

    def update(
        self,
        target: Target,
        change: Callable[[Json], Json],
        *,
        manager: str,
        dry_run: bool = False,
        status_only: bool = False,
    ) -> Json:
        """Puts what `change` makes of the object in its place; nothing at all happens when that is the same.

        Raises 404, 409 when the result carries another resourceVersion, 400 or 422.
        """
        kind, namespace, name = target.kind, target.place, target.name
        with self._store.lock:
            old = self._store.find(kind.plural, namespace, name)
            if old is None:
                raise not_found(kind, name)
            asked = change(copy(old))
            check_identity(kind, namespace, asked, name=name)
            if asked["metadata"].get("resourceVersion") not in (None, "", old["metadata"]["resourceVersion"]):
                raise conflict(kind, name)
            new = {**old, "status": asked.get("status", {})} if status_only else _merged(kind, old, asked)
            if new == old:
                return old
            fields = record_update(old, new, manager=manager, now=timestamp())
            new = {**new, "metadata": {**new["metadata"], "managedFields": fields}}
            new = new if status_only else _counted(kind, old, self._admitted(kind, new))
            return new if dry_run else self._store.replace(kind.plural, new)

    def _admitted(self, kind: Kind, thing: Json) -> Json:
        """As mutating webhooks want it. What they write is attributed to the client that sent the request. Raises 403."""
        return self._machinery.admission.admitted(kind.plural, thing) if kind in WORKLOADS else thing

    def _check_quota(self, kind: Kind, thing: Json) -> None:
        """Raises 403 where a ResourceQuota counts the kind, and the namespace has as many already."""
        namespace, name = thing["metadata"].get("namespace", ""), thing["metadata"]["name"]
        limit = self.quotas.get((namespace, kind.qualified))
        used = len(self._store.all_of(kind.plural, namespace)) if limit is not None else 0
        if limit is not None and used >= limit:
            counted = f"count/{kind.qualified}"
            numbers = f"requested: {counted}=1, used: {counted}={used}, limited: {counted}={limit}"
            raise forbidden(kind, name, f"exceeded quota: objects, {numbers}")

    def delete(self, target: Target, options: Json) -> Json:
        """Deletes, taking dependents along unless they are to be orphaned; raises 404, or 409 when a precondition fails."""
        kind = target.kind
        with self._store.lock:
            thing = self._store.find(kind.plural, target.place, target.name)
            if thing is None:
                raise not_found(kind, target.name)
            wanted = options.get("preconditions") or {}
            for field in ("uid", "resourceVersion"):
                if wanted.get(field) not in (None, thing["metadata"][field]):
                    raise conflict(kind, target.name)
            if "All" in (options.get("dryRun") or ()):
                return thing
            return self._deleted(kind, thing, orphan=options.get("propagationPolicy") == "Orphan")

    def _deleted(self, kind: Kind, thing: Json, *, orphan: bool) -> Json:
        if kind is PODS:
            return self._machinery.terminate(thing)
        if kind is NAMESPACES:
            if "deletionTimestamp" in thing["metadata"]:
                return thing
            metadata = {**thing["metadata"], "deletionTimestamp": timestamp()}
            leaving = {**thing, "metadata": metadata, "status": {"phase": "Terminating"}}
            return self._store.replace(kind.plural, leaving)
        if orphan:
            self._machinery.orphan(thing)
        self._store.remove(kind.plural, thing)
        return thing


def _prepared(kind: Kind, namespace: str, body: Json) -> Json:
    check_identity(kind, namespace, body)
    made = copy(body)
    metadata = made["metadata"]
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"] + random_suffix()
    for field in ("resourceVersion", "managedFields", "deletionTimestamp"):
        metadata.pop(field, None)
    metadata |= {"uid": new_uid(), "creationTimestamp": timestamp()}
    if kind in PLAIN:
        metadata["namespace"] = namespace
        return decoded(kind, made)
    if kind.namespaced:
        metadata |= {"namespace": namespace, "generation": 1}
        made["status"] = {}
    else:
        labels = {
            **(metadata.get("labels") or {}),
            "kubernetes.io/metadata.name": metadata.get("name", ""),
        }
        metadata["labels"] = labels
        made |= {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    return made


def _merged(kind: Kind, old: Json, asked: Json) -> Json:
    """What is kept of an asked-for object: the server's own fields and the status stay as they were."""
    metadata = {**asked["metadata"], "resourceVersion": old["metadata"]["resourceVersion"]}
    metadata |= {field: old["metadata"][field] for field in _SERVER_FIELDS if field in old["metadata"]}
    metadata["managedFields"] = old["metadata"].get("managedFields", [])
    for field in ("labels", "annotations"):
        if not metadata.get(field):
            metadata.pop(field, None)
    if kind in PLAIN:
        new = decoded(kind, {**asked, "metadata": metadata})
        check_schema(kind, new)
        check_immutable(kind, old, new)
        return new
    new = {**asked, "metadata": metadata, "status": old["status"]}
    if kind is NAMESPACES:
        return new
    check_shapes(new)
    new = with_defaults(new)
    validate_workload(kind, new, old)
    return numbered_template(new, old)


def _completed(kind: Kind, made: Json) -> Json:
    """A new workload with what the API server fills in. Raises 400 or 422."""
    check_shapes(made)
    made = with_defaults(made)
    made = with_job_labels(made) if kind is JOBS else numbered_template(made, None)
    validate_workload(kind, made)
    return made


def _counted(kind: Kind, old: Json, new: Json) -> Json:
    """The object with its generation.

    pkg/registry/apps/deployment/strategy.go: "Spec updates bump the generation", and so do a Deployment's annotations.
    """
    noted = kind is DEPLOYMENTS and new["metadata"].get("annotations") != old["metadata"].get("annotations")
    if kind is NAMESPACES or kind in PLAIN or (new["spec"] == old["spec"] and not noted):
        return new
    generation = old["metadata"]["generation"] + 1
    return {**new, "metadata": {**new["metadata"], "generation": generation}}


def check_identity(kind: Kind, namespace: str, body: Json, *, name: str = "") -> None:
    """Raises 400 for a body that is of another kind, name or namespace than the address says."""
    if body.get("apiVersion") != kind.api_version or body.get("kind") != kind.kind:
        raise bad_request(
            f"the API version in the data ({body.get('apiVersion')}, Kind={body.get('kind')}) does not match the "
            f"expected API version ({kind.api_version}, Kind={kind.kind})"
        )
    metadata = body.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise bad_request("json: cannot unmarshal into Go struct field ObjectMeta.metadata")
    if kind.namespaced and metadata.get("namespace") not in (None, "", namespace):
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if name and metadata.get("name") not in (None, name):
        message = f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
        raise bad_request(message)
