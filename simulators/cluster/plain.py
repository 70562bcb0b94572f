"""What an installation has besides its Deployments: objects that are validated and stored, and have no controller.

No controller works on them: an Ingress leads nowhere. Roles and RoleBindings count, though
(`authorisation.py`). The shapes are those of Kubernetes' own schema, read strictly, as `fieldValidation=Strict` has it.
"""

from simulators.cluster.errors import ApiError, invalid
from simulators.cluster.kinds import CUSTOM, Json, Kind
from simulators.cluster.store import copy

SCHEMA = "1.32"
_IMMUTABLE = {
    "RoleBinding": (("roleRef",),),
}
"""https://kubernetes.io/docs/reference/kubernetes-api/: fields that only another object can have otherwise."""


def check_schema(kind: Kind, body: Json) -> None:
    """Raises 400 for a field that the kind has not, and for a value of another type."""
    if kind in CUSTOM:
        return
    # A third of a second: only where a manifest is applied.
    from kubernetes_validate import ValidationError, validate

    asked = copy(body)
    for field in ("managedFields", "creationTimestamp"):
        asked["metadata"].pop(field, None)
    asked.pop("status", None)
    try:
        validate(asked, SCHEMA, strict=True)
    except ValidationError as error:
        message = f'{kind.kind} in version "v1" cannot be handled as a {kind.kind}: strict decoding error: {error.message}'
        raise ApiError(400, "BadRequest", message) from error


def check_immutable(kind: Kind, old: Json, new: Json) -> None:
    """Raises 422 where a field has changed that may not."""
    causes = [
        (".".join(path), "FieldValueInvalid", f"Invalid value: {_at(new, path)}: field is immutable")
        for path in _IMMUTABLE.get(kind.kind, ())
        if _at(old, path) != _at(new, path)
    ]
    if causes:
        raise invalid(kind, new["metadata"]["name"], causes)


def decoded(kind: Kind, thing: Json) -> Json:
    """The object as the server keeps it: a Secret's `stringData` is in its `data`."""
    if kind.kind != "Secret":
        return thing
    from base64 import b64encode

    made = copy(thing)
    plain = made.pop("stringData", None) or {}
    data = (made.get("data") or {}) | {
        name: b64encode(value.encode()).decode() for name, value in plain.items()
    }
    return made | {"data": data, "type": made.get("type") or "Opaque"}


def _at(thing: Json, path: tuple[str, ...]) -> object:
    value: object = thing
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
