"""The pair of keys that notifications are signed with: web hands out one half, the worker signs with the other."""

from collections.abc import Iterator

from deployments.clients.push import UnableToReadKey, public_half
from deployments.operations.doctor.findings import Finding, bad, good, warning

SUBJECT = "Push keys"
FRESH = "Set the pair that `manage.py vapid` prints; browsers then subscribe again."


def push_keys_fit(*, public: str, private: str) -> Iterator[Finding]:
    """`public` may be known to web alone, and is then told."""
    if not private:
        yield _without_private(public)
        return
    try:
        belongs = public_half(private)
    except UnableToReadKey as error:
        yield bad(SUBJECT, f"VAPID_PRIVATE_KEY: {error}", FRESH)
        return
    if not public:
        message = "This process does not see VAPID_PUBLIC_KEY, so the two halves cannot be compared."
        yield warning(SUBJECT, message, f"Web needs, and this process may have, VAPID_PUBLIC_KEY={belongs}.")
    elif public.rstrip("=") != belongs:
        message = (
            "VAPID_PUBLIC_KEY is not the other half of VAPID_PRIVATE_KEY: no phone accepts what is sent."
        )
        yield bad(SUBJECT, message, f"Set VAPID_PUBLIC_KEY={belongs}; browsers then subscribe again.")
    else:
        yield good(SUBJECT, "Both are there, and belong together.")


def _without_private(public: str) -> Finding:
    if public:
        message = "VAPID_PRIVATE_KEY is missing: phones subscribe, and are told nothing."
        return bad(SUBJECT, message, "Give the worker the other half of VAPID_PUBLIC_KEY, or unset both.")
    return good(SUBJECT, "None is set: phones get no notifications. `manage.py vapid` prints a pair.")
