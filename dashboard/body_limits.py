"""How large a request's body may be. gunicorn's own process reads this too, and must not load Django for it: 10 MB."""

LARGEST_BODY = 1024 * 1024
"""Bytes. No form of ours is a tenth as long."""
LARGEST_HOOK = 25 * 1024 * 1024
"""As much as GitHub sends: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap"""
LARGEST_MESSAGE = 14 * 1024 * 1024
"""Pub/Sub's 10 MB as base64, since what is refused comes again for a week: https://cloud.google.com/pubsub/quotas#resource_limits"""
_OF_DOORS = {"/hooks/github": LARGEST_HOOK, "/hooks/google": LARGEST_MESSAGE}


def largest_body(path: str) -> int:
    """Return how many bytes a request to this path may carry."""
    return _OF_DOORS.get(path.partition("?")[0], LARGEST_BODY)
