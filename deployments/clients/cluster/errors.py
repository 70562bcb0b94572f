"""How calls to the cluster can fail. Each error is one sentence for a person, and keeps the server's own message."""

import json
import re
from collections.abc import Mapping

from deployments.rules.times import parse_wait
from deployments.rules.wording import printable

_LONGEST_MESSAGE = 600
_DEFAULT_RETRY_SECONDS = 1.0
_BY_POLICY = ("admission webhook", "denied the request", "exceeded quota", "violates PodSecurity")
_ANONYMOUS = "system:anonymous"


class ClusterError(Exception):
    """`status` is the HTTP status, 0 without an answer; `server_message` is the server's own text, perhaps empty."""

    def __init__(self, message: str, *, status: int = 0, server_message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.server_message = server_message


class NotConfigured(ClusterError):
    """There is no usable kubeconfig and no ServiceAccount."""


class ClusterUnavailable(ClusterError):
    """No answer, a broken one, or an error of the server's own (5xx): trying again may help."""


class ClusterRefused(ClusterError):
    """401, our credentials are not accepted, or 403, the request is not allowed; `status` says which."""

    @property
    def is_by_policy(self) -> bool:
        """Whether a webhook, a policy or a quota refused what our rights allow: no time changes that."""
        return any(words in self.server_message for words in _BY_POLICY)


class DeniedByPolicy(ClusterError):
    """An admission policy, a webhook or a quota refuses what our Role allows; to try again does not help."""


class NotFound(ClusterError):
    """404."""


class Conflict(ClusterError):
    """409: the object has changed since it was read."""


class AlreadyExists(ClusterError):
    """409: there is an object of that name already."""


class Expired(ClusterError):
    """410: the revision to continue from is no longer kept."""


class Invalid(ClusterError):
    """422, or another 4xx: the request itself is not accepted."""


class DryRunNotSupported(ClusterError):
    """400: an admission webhook has side effects, and cannot be asked without a change."""


class NoSuchContainer(ClusterError):
    """The workload lacks the container; sent all the same, a patch would add it."""


class Throttled(ClusterError):
    """429: ask again after `retry_after_seconds`."""

    def __init__(self, message: str, *, retry_after_seconds: float, server_message: str = "") -> None:
        super().__init__(message, status=429, server_message=server_message)
        self.retry_after_seconds = retry_after_seconds


def error_for(status: int, *, headers: Mapping[str, str], body: bytes) -> ClusterError:
    """The error of an unsuccessful answer, by its status and its `Status` object.

    https://kubernetes.io/docs/reference/using-api/api-concepts/#api-error-handling
    """
    answer = _message(body)
    if status == 429:  # noqa: PLR2004 -- HTTP's own number
        seconds = _retry_after(headers)
        answer_text = _with_answer(f"The cluster asks for a pause of {seconds:g} s. Try again then.", answer)
        return Throttled(answer_text, retry_after_seconds=seconds, server_message=answer)
    kind, message = _kind(status, answer, reason=_text_of(body, "reason"))
    return kind(_with_answer(message, answer), status=status, server_message=answer)


def _kind(status: int, message: str, *, reason: str) -> tuple[type[ClusterError], str]:
    if kind := _special(status, message, reason):
        return kind
    if status in _POLICIES_STATUSES and (kind := _denial(status, message)):
        return kind
    if status == 403 and _ANONYMOUS in message:  # noqa: PLR2004 -- HTTP's own number
        return ClusterRefused, _SENT_NOTHING
    if status in _KINDS:
        return _KINDS[status]
    if status >= 500 or status < 400:  # noqa: PLR2004 -- HTTP's own numbers
        return ClusterUnavailable, f"The cluster has an internal error ({status}). Try again."
    return Invalid, f"The cluster does not accept the request ({status})."


def _special(status: int, message: str, reason: str) -> tuple[type[ClusterError], str] | None:
    """What the status alone does not say."""
    if "does not support dry run" in message:
        return DryRunNotSupported, f"A webhook of the cluster cannot be asked without a change ({status})."
    if reason == "AlreadyExists" or (status == 409 and message.endswith("already exists")):  # noqa: PLR2004 -- HTTP's own number
        return AlreadyExists, f"The cluster has one of that name already ({status})."
    return None


def _denial(status: int, message: str) -> tuple[type[ClusterError], str] | None:
    """Of an admission plugin, with wording that RBAC never uses; None where it is not one's."""
    if _OF_WEBHOOK.search(message):
        # First: a policy's own message may say that a user cannot do that.
        return DeniedByPolicy, _POLICY.format(status=status)
    if _OF_RBAC.search(message):
        return None
    if "is being terminated" in message:
        return DeniedByPolicy, f"The namespace is being deleted ({status}). Map the site to another one."
    if status == 403 and " is forbidden: " in message:  # noqa: PLR2004 -- HTTP's own number
        return DeniedByPolicy, _POLICY.format(status=status)
    return None


_POLICIES_STATUSES = frozenset({400, 403, 404, 409, 422})
"""A webhook chooses the code of its refusal: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response."""
# https://kubernetes.io/docs/reference/access-authn-authz/rbac/ and, of admission, k8s.io/apiserver's
# pkg/admission/plugin/webhook/errors and pkg/admission/plugin/policy/validating.
_OF_RBAC = re.compile(r'User "[^"]*" cannot \S+ ')
_OF_WEBHOOK = re.compile(
    r'admission webhook "[^"]*" denied the request|(?:Validating|Mutating)AdmissionPolicy \'[^\']*\'.* denied request'
)
_POLICY = (
    "A policy or quota of the cluster refuses this ({status}); Headway's Role allows it. Change what the message names, or ask the "
    "cluster's administrators."
)
_SENT_NOTHING = (
    "The cluster was given no credentials (403, system:anonymous). Check the kubeconfig's user, and that the plugin "
    "it signs in by is installed and works."
)
_KINDS: dict[int, tuple[type[ClusterError], str]] = {
    401: (
        ClusterRefused,
        "The cluster does not accept Headway's credentials (401). Renew the token or the kubeconfig.",
    ),
    403: (ClusterRefused, "The cluster does not allow Headway to do this (403). Grant it in Headway's Role."),
    404: (NotFound, "The cluster has no such thing (404). Check the namespace and the name."),
    409: (Conflict, "It has changed in the cluster since it was read (409). Read it again and retry."),
    410: (Expired, "The cluster no longer keeps what was read before (410). Read it from the start."),
    422: (Invalid, "The cluster does not accept the change (422)."),
}


def _message(body: bytes) -> str:
    return printable(_text_of(body, "message"))[:_LONGEST_MESSAGE]


def _text_of(body: bytes, name: str) -> str:
    """One text of the `Status` object; where the answer is not even JSON, all of it is the message."""
    text = body.decode(errors="replace").strip()
    try:
        status = json.loads(text)
    except (ValueError, RecursionError):
        return text if name == "message" else ""
    found = status.get(name) if isinstance(status, dict) else None
    return str(found or "")


def _with_answer(message: str, answer: str) -> str:
    return f"{message} It said: {answer}" if answer else message


def _retry_after(headers: Mapping[str, str]) -> float:
    wait = parse_wait(headers.get("Retry-After", ""))
    return _DEFAULT_RETRY_SECONDS if wait is None else wait.total_seconds()
