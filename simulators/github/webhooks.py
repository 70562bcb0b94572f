"""Webhooks as GitHub sends them: signed, each with its own id, and never a second time.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import hmac
import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from uuid import uuid4

from simulators.github.repository import Repository

_TIMEOUT_SECONDS = 10
_NO_COMMIT = "0" * 40
_CONCLUSIONS = {"SUCCESS": "success", "FAILURE": "failure", "ERROR": "failure"}


@dataclass(frozen=True)
class Delivery:
    """`status` is 0 where nobody answered."""

    id: str
    event: str
    status: int
    answer: str


class Webhooks:
    """Where events go: each `url` with its secret. `deliveries` is the log of what was sent."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        self.deliveries: list[Delivery] = []

    def add(self, url: str, *, secret: str) -> None:
        self.addresses[url] = secret

    def push(self, repository: Repository, *, before: str = "", branch: str = "") -> None:
        self.deliver("push", push_payload(repository, before=before, branch=branch))

    def check_suite(self, repository: Repository, sha: str) -> None:
        """Say that CI has ended, with what the repository has for this commit."""
        conclusion = _CONCLUSIONS.get(repository.checks(sha) or "", "neutral")
        suite = {"head_sha": sha, "head_branch": repository.default_branch, "conclusion": conclusion}
        payload = {"action": "completed", "check_suite": suite | {"status": "completed"}}
        self.deliver("check_suite", payload | {"repository": _described(repository)})

    def deliver(self, event: str, payload: dict[str, Any]) -> None:
        """Send it to each address; the answer is in the log."""
        # One id for an event, wherever it goes.
        number = str(uuid4())
        for url, secret in self.addresses.items():
            body, headers = signed(event, payload, secret, delivery=number)
            status, answer = _sent(Request(url, data=body, headers=headers))  # noqa: S310  addresses of the demo's
            self.deliveries.append(Delivery(number, event, status, answer))


def signed(
    event: str, payload: dict[str, Any], secret: str, *, delivery: str = ""
) -> tuple[bytes, dict[str, str]]:
    """A webhook's body and its headers."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    return body, {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/demo",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery or str(uuid4()),
        "X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}",
    }


def push_payload(repository: Repository, *, before: str = "", branch: str = "") -> dict[str, Any]:
    """That the branch (default: the default one) has its present commit now, and had `before`."""
    branch = branch or repository.default_branch
    after = repository.branches.get(branch, _NO_COMMIT)
    return {
        "ref": f"refs/heads/{branch}",
        "before": before or _NO_COMMIT,
        "after": after,
        "created": not before,
        "deleted": after == _NO_COMMIT,
        "forced": False,
        "base_ref": None,
        "repository": _described(repository),
        "commits": [],
        "head_commit": None,
    }


def _sent(request: Request) -> tuple[int, str]:
    try:
        with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  addresses of the demo's
            return answer.status, answer.read().decode(errors="replace")
    except HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (URLError, OSError) as error:
        return 0, str(error)


def _described(repository: Repository) -> dict[str, Any]:
    return {
        "id": repository.id,
        "name": repository.name,
        "full_name": repository.full_name,
        "default_branch": repository.default_branch,
        "archived": repository.is_archived,
    }
