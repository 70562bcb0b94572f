"""How large a request's body may be. gunicorn's own process reads this too, and must not load Django for it: 10 MB."""

LARGEST_BODY = 1024 * 1024
"""Bytes. No form of ours is a tenth as long."""
GITHUB_HOOK, LARGEST_HOOK = "/hooks/github", 25 * 1024 * 1024
"""As much as GitHub sends: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""


def largest_body(path: str) -> int:
    """Return how many bytes a request to this path may carry."""
    return LARGEST_HOOK if path.partition("?")[0] == GITHUB_HOOK else LARGEST_BODY
