"""Which of GraphQL's `errors` is about which question, and what to tell a person."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from deployments.github.answer import SINGLE_SIGN_ON, Answer, rate_limit
from deployments.github.errors import (
    GitHubError,
    GitHubNotFound,
    GitHubOverloaded,
    GitHubRefused,
)

_ALIAS = re.compile(r"r(\d+)")
_MAY_PASS_WHEN_SMALLER = {"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT"}


def errors_by_alias(errors: Sequence[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]] | None:
    """The errors of each question by its number; None when one of them is about the whole batch."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for error in errors:
        path = error.get("path") or [""]
        alias = _ALIAS.fullmatch(str(path[0]))
        if alias is None:
            return None
        found.setdefault(int(alias[1]), []).append(error)
    return found


def site_error(errors: Sequence[Mapping[str, Any]], name: str) -> GitHubError:
    error = errors[0] if errors else {}
    kind, text = error.get("type", ""), str(error.get("message", "")).rstrip(".")
    if kind == "NOT_FOUND" or not error:
        return GitHubNotFound(
            f"GitHub knows no repository {name}, or this token has no access to it: check the name and the token."
        )
    if (error.get("extensions") or {}).get("saml_failure"):
        return GitHubRefused(f"{name}: {SINGLE_SIGN_ON}")
    if kind in {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return GitHubRefused(
            f"GitHub refuses {name}: “{text}”. Grant the token this repository, and to read its contents, metadata and commit statuses."
        )
    return GitHubOverloaded(f"GitHub failed on {name}: “{text}”. Try again in a minute.")


def batch_error(errors: Sequence[Mapping[str, Any]], answer: Answer) -> GitHubError:
    kinds = {str(error.get("type", "")) for error in errors}
    text = str(errors[0].get("message", "")) if errors else "no data"
    if kinds & {"RATE_LIMITED", "RATE_LIMIT"} or "rate limit" in text:
        return rate_limit(answer.headers)
    if kinds & _MAY_PASS_WHEN_SMALLER or not errors or "Something went wrong" in text:
        return GitHubOverloaded(f"GitHub gave up on the question: “{text[:200]}”. Try again in a minute.")
    return GitHubRefused(f"GitHub refuses the question: “{text[:200]}”. Look for a newer Headway.")
