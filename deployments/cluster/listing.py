"""Lists, read by pages: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks."""

from collections.abc import Mapping
from dataclasses import dataclass

from deployments.cluster.errors import ClusterUnavailable, Expired
from deployments.cluster.transport import Json, Transport

_PAGE = 500
_STARTS = 3


@dataclass(frozen=True)
class Listing:
    """The objects of one kind in a namespace, and the revision from which a watch goes on."""

    items: list[Json]
    resource_version: str


def list_all(transport: Transport, path: str, **query: str) -> Listing:
    """All pages; when the server forgets where we were, from the first one again. Raises ClusterError."""
    for _ in range(_STARTS):
        try:
            return _read_pages(transport, path, query)
        except Expired as error:
            expired = error
    raise ClusterUnavailable(
        "The cluster forgot its list while it was being read, three times: try again.", status=expired.status
    ) from expired


def _read_pages(transport: Transport, path: str, query: Mapping[str, str]) -> Listing:
    items: list[Json] = []
    following: dict[str, str] = {}
    while True:
        page = transport.get(path, limit=_PAGE, **query, **following)
        items += page.get("items") or []
        metadata = page.get("metadata") or {}
        if not metadata.get("continue"):
            return Listing(items=items, resource_version=metadata.get("resourceVersion") or "")
        following = {"continue": metadata["continue"]}
