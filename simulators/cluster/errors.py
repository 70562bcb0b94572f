"""Refusals, worded as the API server words them (k8s.io/apimachinery, pkg/api/errors)."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulators.cluster.kinds import Json, Kind


class ApiError(Exception):
    """An answer that is not a success; `status()` is its `Status` object."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.headers = dict(headers or {})

    def status(self) -> Json:
        body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if self.details is not None:
            body["details"] = self.details
        return body


def _details(kind: Kind, name: str, **more: Any) -> Json:
    return {"name": name, **({"group": kind.group} if kind.group else {}), "kind": kind.plural, **more}


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def not_found(kind: Kind, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{kind.qualified} "{name}" not found', details=_details(kind, name))


def no_such_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", details={})


def method_not_allowed(verb: str) -> ApiError:
    message = f"the server does not allow this method on the requested resource ({verb})"
    return ApiError(405, "MethodNotAllowed", message, details={})


def not_acceptable() -> ApiError:
    message = "only the following media types are accepted: application/json"
    return ApiError(406, "NotAcceptable", message)


def already_exists(kind: Kind, name: str) -> ApiError:
    message = f'{kind.qualified} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, details=_details(kind, name))


def conflict(kind: Kind, name: str) -> ApiError:
    message = (
        f'Operation cannot be fulfilled on {kind.qualified} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return ApiError(409, "Conflict", message, details=_details(kind, name))


def expired(message: str) -> ApiError:
    return ApiError(410, "Expired", message)


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return ApiError(415, "UnsupportedMediaType", message)


def forbidden(kind: Kind, name: str, why: str) -> ApiError:
    subject = f'{kind.qualified} "{name}" is forbidden' if name else f"{kind.qualified} is forbidden"
    return ApiError(403, "Forbidden", f"{subject}: {why}", details=_details(kind, name))


def invalid(kind: Kind, name: str, causes: Sequence[tuple[str, str, str]]) -> ApiError:
    """422; each cause is (field, reason, message), and one alone is not put into brackets."""
    lines = [f"{field}: {message}" for field, _, message in causes]
    joined = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
    listed = [{"reason": reason, "message": message, "field": field} for field, reason, message in causes]
    details: Json = {
        "name": name,
        **({"group": kind.group} if kind.group else {}),
        "kind": kind.kind,
        "causes": listed,
    }
    title = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    return ApiError(422, "Invalid", f'{title} "{name}" is invalid: {joined}', details=details)


_STANDARD = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "forbidden: asked to refuse"),
    404: ("NotFound", "the server could not find the requested resource"),
    409: (
        "Conflict",
        "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again",
    ),
    410: ("Expired", "The resourceVersion for the provided list is too old."),
    422: ("Invalid", "asked to find this invalid"),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    500: ("InternalError", "Internal error occurred: asked to fail"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "Timeout: request did not complete within the allotted timeout"),
}


def asked_for(code: int, *, message: str = "", retry_after: int | None = None) -> ApiError:
    """The failure that a test requested, with `Retry-After` in seconds where one is given."""
    reason, usual = _STANDARD.get(code, ("", f"asked to answer {code}"))
    message = message or usual
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    details: Json | None = None if retry_after is None else {"retryAfterSeconds": retry_after}
    return ApiError(code, reason, message, details=details, headers=headers)
