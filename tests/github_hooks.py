"""GitHub's own examples of its webhooks (tests/data/README.md), and how one is signed and sent."""

import gzip
import hmac
import json
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.test import Client

EXAMPLES = Path(__file__).with_name("data") / "octokit-webhooks-examples.json.gz"
SECRET = "a-secret-of-the-tests"


@cache
def examples() -> list[tuple[str, dict[str, Any]]]:
    """Each event's name and payload."""
    found = json.loads(gzip.decompress(EXAMPLES.read_bytes()))
    return [(event, payload) for event, payloads in found.items() for payload in payloads]


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


def deliver(
    client: Client, event: str, payload: Any, *, delivery: str = "", secret: str = SECRET, **headers: str
) -> Any:
    """Send it as GitHub does; bytes as they are."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    given = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery or str(uuid4()),
        "X-Hub-Signature-256": signature(body, secret),
    }
    return client.post("/hooks/github", body, content_type="application/json", headers={**given, **headers})


def push(
    repository: str = "icco/cron", *, branch: str = "main", after: str = "b" * 40, before: str = "a" * 40
) -> dict[str, Any]:
    return {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        "deleted": False,
        "repository": {"full_name": repository, "default_branch": branch},
        "commits": [],
    }
