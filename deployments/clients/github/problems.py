"""Which of GraphQL's `errors` is about which question, and the message for a person."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from deployments.clients.github.answer import (
    SINGLE_SIGN_ON,
    Answer,
    lacks_permission,
    message_of,
    own_words,
    rate_limit,
)
from deployments.clients.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubOverloaded,
    GitHubRefused,
    GitHubUnavailable,
)
from deployments.rules.wording import printable

_ALIAS = re.compile(r"r(\d+)")
_REFUSALS = {"FORBIDDEN", "INSUFFICIENT_SCOPES"}
_MAY_PASS_WHEN_SMALLER = {"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT"}


def errors_in(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """GraphQL's errors, each with a `path`, `type` and `extensions` of the expected types; what a proxy may put there does not count."""
    found = body.get("errors")
    return [_sound(each) for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _sound(error: Mapping[str, Any]) -> Mapping[str, Any]:
    path, extensions = error.get("path"), error.get("extensions")
    return {
        "path": path if isinstance(path, list) else [],
        "type": str(error.get("type") or ""),
        "message": printable(str(error.get("message") or "")),
        "extensions": extensions if isinstance(extensions, dict) else {},
    }


def errors_by_alias(errors: Sequence[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]] | None:
    """The errors of each question by its number; None when one of them is about the whole batch."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for error in errors:
        alias = _ALIAS.fullmatch(str(error["path"][0])) if error["path"] else None
        if alias is None:
            return None
        found.setdefault(int(alias[1]), []).append(error)
    return found


def may_pass_when_smaller(error: Mapping[str, Any]) -> bool:
    """Whether the answer was too much work for one request, be it all of it or one field."""
    return error.get("type") in _MAY_PASS_WHEN_SMALLER or "Something went wrong" in _text_of(error)


def errors_under(errors: Sequence[Mapping[str, Any]], *fields: str) -> list[Mapping[str, Any]]:
    """Those about this field of a question, or about something within it."""
    return [each for each in errors if each["path"][1 : 1 + len(fields)] == [*fields]]


def check_problem(errors: Sequence[Mapping[str, Any]]) -> str:
    """Why GitHub omitted the rollup of a commit's CI, and the remedy; empty where it did not."""
    # An annotated tag's commit lies one target deeper.
    found = [each for each in errors_under(errors, "head") if each["path"][-1] == "statusCheckRollup"]
    if not found:
        return ""
    text = _text_of(found[0])
    if found[0].get("type") not in _REFUSALS:
        return f"GitHub says “{text}”: the next sync asks again."
    grant = (
        "the App to read checks and commit statuses"
        if _is_apps(text)
        else "the token to read commit statuses"
    )
    return f"GitHub says “{text}”. Grant {grant}."


def site_error(errors: Sequence[Mapping[str, Any]], name: str) -> GitHubError:
    if not errors:
        return GitHubUnavailable(f"GitHub left out {name} and does not say why. Try again in a minute.")
    error = errors[0]
    kind, text = error.get("type", ""), _text_of(error)
    if kind == "NOT_FOUND":
        return GitHubNotFound(
            f"GitHub has no repository {name}, or this token has no access to it. Check the name and the token."
        )
    if error["extensions"].get("saml_failure"):
        return GitHubRefused(f"{name}: {SINGLE_SIGN_ON}")
    if kind in _REFUSALS and not lacks_permission(text):
        # An owner's policy, or scopes: GitHub's own message has the remedy.
        return GitHubRefused(f"GitHub refuses {name}: “{text}”.")
    if kind in _REFUSALS:
        grant = (
            "the App to read checks, contents, metadata and commit statuses, and have the owner accept that"
            if _is_apps(text)
            else "the token this repository, and to read its contents, metadata and commit statuses"
        )
        return GitHubRefused(f"GitHub refuses {name}: “{text}”. Grant {grant}.")
    return GitHubOverloaded(f"GitHub failed on {name}: “{text}”. Try again in a minute.")


def batch_error(errors: Sequence[Mapping[str, Any]], answer: Answer) -> GitHubError:
    kinds = {str(error.get("type", "")) for error in errors}
    text = _text_of(errors[0]) if errors else message_of(answer) or "no data"
    if kinds & {"RATE_LIMITED", "RATE_LIMIT"} or "rate limit" in text:
        return rate_limit(answer.headers)
    if not errors or any(map(may_pass_when_smaller, errors)):
        return GitHubOverloaded(f"GitHub gave up on the question: “{text}”. Try again in a minute.")
    return GitHubRefused(f"GitHub refuses the question: “{text}”. This may need a newer Headway version.")


def _text_of(error: Mapping[str, Any]) -> str:
    return own_words(error.get("message", ""))


def _is_apps(text: str) -> bool:
    """GitHub calls an App an integration, and anything else a token."""
    return "integration" in text
