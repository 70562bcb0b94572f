"""The API: from a request to an answer."""

from collections.abc import Callable

from simulators.cluster.authorisation import Authorisation, ResourceAttributes
from simulators.cluster.discovery import OPENAPI, OPENAPI_TYPE, discover
from simulators.cluster.errors import method_not_allowed, no_such_path, not_acceptable, not_found
from simulators.cluster.kinds import ACCESS_REVIEWS, NAMESPACES, PODS, SELF_REVIEWS, SUBRESOURCES, Json
from simulators.cluster.lists import Lists
from simulators.cluster.machinery import Machinery
from simulators.cluster.patches import apply_patch
from simulators.cluster.requests import Answer, Request, Target, find_target, verb_of
from simulators.cluster.reviews import review
from simulators.cluster.scale import scale_of, with_scale
from simulators.cluster.store import Store
from simulators.cluster.tables import as_table, wants_table
from simulators.cluster.watch import Watches
from simulators.cluster.writes import Writes


class Api:
    def __init__(self, store: Store, machinery: Machinery, authorisation: Authorisation) -> None:
        self.lists = Lists(store)
        self.watches = Watches(store)
        self.writes = Writes(store, machinery)
        self._store = store
        self._logs = machinery.kubelet.containers.logs
        self.authorisation = authorisation

    def answer(self, request: Request, user: str) -> Answer:
        """Raises ApiError for every refusal."""
        if request.method == "GET" and request.path == OPENAPI:
            return Answer("", headers={"Content-Type": OPENAPI_TYPE})
        _check_accept(request)
        if request.method == "GET" and (document := discover(request.path)) is not None:
            return Answer(document)
        target = find_target(request.path)
        verb = verb_of(request, target)
        attributes = ResourceAttributes(
            verb, target.kind.group, target.resource, target.namespace, target.name
        )
        self.authorisation.check(user, attributes, target.kind)
        if target.kind in (ACCESS_REVIEWS, SELF_REVIEWS):
            if verb != "create":
                raise method_not_allowed(verb)
            return Answer(review(self.authorisation, target.kind, user, request.json()), 201)
        if target.subresource:
            return self._subresource(request, target, verb)
        if verb not in target.kind.verbs:
            raise method_not_allowed(verb)
        answer: Answer = getattr(self, f"_{verb}")(request, target)
        return answer

    def _list(self, request: Request, target: Target) -> Answer:
        listed = self.lists.answer(request, target)
        return Answer(
            as_table(target.kind, listed["items"], listed["metadata"]) if wants_table(request) else listed
        )

    def _watch(self, request: Request, target: Target) -> Answer:
        stream = self.watches.answer(request, target)
        if wants_table(request):
            return Answer(stream=(_tabled(target, event) for event in stream))
        return Answer(stream=stream)

    def _get(self, request: Request, target: Target) -> Answer:
        thing = self._find(target)
        version = {"resourceVersion": thing["metadata"]["resourceVersion"]}
        return Answer(as_table(target.kind, [thing], version) if wants_table(request) else thing)

    def _find(self, target: Target) -> Json:
        thing = self._store.find(target.kind.plural, target.place, target.name)
        if thing is None:
            raise not_found(target.kind, target.name)
        return thing

    def _create(self, request: Request, target: Target) -> Answer:
        if target.name or (target.kind.namespaced and not target.namespace):
            raise method_not_allowed("create")
        made = self.writes.create(target, request.json(), manager=request.manager, dry_run=request.is_dry_run)
        return Answer(made, 201)

    def _update(self, request: Request, target: Target) -> Answer:
        return self._change(request, target, lambda _: request.json())

    def _patch(self, request: Request, target: Target) -> Answer:
        return self._change(request, target, lambda thing: _patched(request, thing))

    def _delete(self, request: Request, target: Target) -> Answer:
        options = request.json() if request.body else {}
        if policy := request.query.get("propagationPolicy"):
            options["propagationPolicy"] = policy
        if request.is_dry_run:
            options["dryRun"] = ["All"]
        gone = self.writes.delete(target, options)
        if target.kind in (NAMESPACES, PODS):
            return Answer(gone)
        details = {"name": target.name, "group": target.kind.group, "kind": target.kind.plural}
        details["uid"] = gone["metadata"]["uid"]
        success = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": details,
        }
        return Answer(success)

    def _change(
        self, request: Request, target: Target, change: Callable[[Json], Json], *, status_only: bool = False
    ) -> Answer:
        changed = self.writes.update(
            target,
            change,
            manager=request.manager,
            dry_run=request.is_dry_run,
            status_only=status_only,
        )
        return Answer(changed)

    def _subresource(self, request: Request, target: Target, verb: str) -> Answer:
        verbs = SUBRESOURCES.get((target.kind.plural, target.subresource))
        if verbs is None:
            raise no_such_path()
        if verb not in verbs:
            raise method_not_allowed(verb)
        if target.subresource == "log":
            text = self._logs.read(self._find(target), request.query)
            return Answer(text, headers={"Content-Type": "text/plain"})
        if target.subresource == "token":
            return Answer(self._token(self._find(target)), 201)
        if target.subresource == "status":
            if verb == "get":
                return Answer(self._find(target))
            return self._change(request, target, lambda thing: _asked(request, verb, thing), status_only=True)
        if verb == "get":
            return Answer(scale_of(self._find(target)))
        scaled = self._change(
            request, target, lambda thing: with_scale(thing, _asked(request, verb, scale_of(thing)))
        )
        return Answer(scale_of(scaled.body)) if isinstance(scaled.body, dict) else scaled

    def _token(self, account: Json) -> Json:
        """A TokenRequest's answer; the token lasts as long as the cluster."""
        metadata = account["metadata"]
        token = self.authorisation.token_of_account(metadata["namespace"], metadata["name"])
        status = {"token": token, "expirationTimestamp": "2100-01-01T00:00:00Z"}
        return {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "status": status}


def _patched(request: Request, thing: Json) -> Json:
    return apply_patch(thing, request.body, request.content_type)


def _asked(request: Request, verb: str, thing: Json) -> Json:
    return request.json() if verb == "update" else _patched(request, thing)


def _check_accept(request: Request) -> None:
    """Raises 406 when the client can read no JSON (a log is text whatever was asked)."""
    accepted = request.headers.get("accept", "*/*")
    if not any(word in accepted for word in ("json", "*/*", "application/*", "text/plain")):
        raise not_acceptable()


def _tabled(target: Target, event: Json | None) -> Json | None:
    if event is None or event["type"] in ("ERROR", "BOOKMARK"):
        return event
    thing = event["object"]
    version = {"resourceVersion": thing["metadata"]["resourceVersion"]}
    return {**event, "object": as_table(target.kind, [thing], version)}
