"""LIST: a consistent snapshot, page by page (kubernetes.io/docs/reference/using-api/api-concepts)."""

import base64
import binascii
import json
from collections import OrderedDict

from simulators.cluster.errors import bad_request, expired
from simulators.cluster.kinds import Json
from simulators.cluster.requests import Request, Target, as_list
from simulators.cluster.selectors import Matcher, field_matcher, label_matcher
from simulators.cluster.store import Store

_KEPT = 200
_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


def matcher(request: Request, target: Target) -> Matcher:
    """Whether an object is wanted, by both selectors of the request."""
    labels = label_matcher(request.query.get("labelSelector", ""))
    fields = field_matcher(target.kind.plural, request.query.get("fieldSelector", ""))
    return lambda thing: labels(thing) and fields(thing)


class Lists:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._rest: OrderedDict[str, tuple[int, list[Json]]] = OrderedDict()

    def expire(self) -> None:
        """Every continue token handed out so far is answered with 410 from now on."""
        with self._store.lock:
            self._rest.clear()

    def answer(self, request: Request, target: Target) -> Json:
        """The list, or one page of it; raises 400 or 410."""
        token = request.query.get("continue", "")
        with self._store.lock:
            if token:
                revision, items = self._remainder(token)
            else:
                wanted = matcher(request, target)
                found = self._store.all_of(target.kind.plural, target.namespace)
                revision, items = self._store.revision, [thing for thing in found if wanted(thing)]
            limit = request.number("limit") or len(items)
            metadata: Json = {"resourceVersion": str(revision)}
            if limit < len(items):
                metadata["continue"] = self._keep(revision, items[limit:])
                if not (request.query.get("labelSelector") or request.query.get("fieldSelector")):
                    metadata["remainingItemCount"] = len(items) - limit
        return as_list(target.kind, items[:limit], metadata)

    def _remainder(self, token: str) -> tuple[int, list[Json]]:
        try:
            json.loads(base64.urlsafe_b64decode(token + "=="))
        except (ValueError, binascii.Error) as error:
            raise bad_request(f"continue key is not valid: {error}") from error
        if token not in self._rest:
            raise expired(_EXPIRED)
        return self._rest[token]

    def _keep(self, revision: int, rest: list[Json]) -> str:
        start = f"{rest[0]['metadata'].get('namespace', '')}/{rest[0]['metadata']['name']}\u0000"
        text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start, "left": len(rest)})
        token = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        self._rest[token] = revision, rest
        while len(self._rest) > _KEPT:
            self._rest.popitem(last=False)
        return token
