"""SelfSubjectAccessReview and SelfSubjectReview: `kubectl auth can-i` and `kubectl auth whoami`."""

from simulators.cluster.authorisation import ADMIN, Authorisation, ResourceAttributes
from simulators.cluster.errors import bad_request
from simulators.cluster.kinds import ACCESS_REVIEWS, Json, Kind
from simulators.cluster.writes import check_identity


def review(authorisation: Authorisation, kind: Kind, user: str, body: Json) -> Json:
    """The body with its status filled in; raises 400."""
    check_identity(kind, "", body)
    metadata = {"creationTimestamp": None}
    if kind is ACCESS_REVIEWS:
        status = _access(authorisation, user, body.get("spec") or {})
        return {**body, "metadata": metadata, "status": status}
    groups = ["system:authenticated"]
    if user.startswith("system:serviceaccount:"):
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{user.split(':')[2]}", *groups]
    return {**body, "metadata": metadata, "status": {"userInfo": {"username": user, "groups": groups}}}


def _access(authorisation: Authorisation, user: str, spec: Json) -> Json:
    asked = spec.get("resourceAttributes")
    if asked is None:
        if spec.get("nonResourceAttributes") is None:
            raise bad_request(
                "spec: exactly one of resourceAttributes or nonResourceAttributes must be specified"
            )
        return {"allowed": user == ADMIN or spec["nonResourceAttributes"].get("verb") == "get"}
    resource = asked.get("resource", "")
    if asked.get("subresource"):
        resource = f"{resource}/{asked['subresource']}"
    attributes = ResourceAttributes(
        asked.get("verb", ""),
        asked.get("group", ""),
        resource,
        asked.get("namespace", ""),
        asked.get("name", ""),
    )
    return {"allowed": authorisation.allows(user, attributes)}
