"""The key pair that signs notifications, one half web's and one the worker's; and the push services' last answers."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from django.db.models import F, Q

from deployments.clients.push import UnableToReadKey, UnableToSign, contact_of, public_half, signer
from deployments.models import PushSubscription
from deployments.operations.doctor.findings import Finding, bad, good, warning
from deployments.rules.wording import counted, duration, sentences

SUBJECT = "Push keys"
FRESH = "Set the pair that `manage.py vapid` prints; browsers then subscribe again."


def push_keys_fit(*, public: str, private: str) -> Iterator[Finding]:
    """`public` may be known to web alone, which then passes it on."""
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
        message = "VAPID_PRIVATE_KEY is missing: phones subscribe, but get no notifications."
        return bad(SUBJECT, message, "Give the worker the other half of VAPID_PUBLIC_KEY, or unset both.")
    return good(SUBJECT, "None is set: phones get no notifications. `manage.py vapid` prints a pair.")


def push_contact_is_taken(*, subject: str, private: str) -> Iterator[Finding]:
    """Whether notifications can be signed for this contact; nothing where none are signed, or all is well."""
    if not private:
        return
    contact = contact_of(subject)
    remedy = "Set VAPID_SUBJECT to mailto:you@example.com, or to an https address that others can open."
    try:
        signer(private=private, subject=contact)
    except UnableToSign as error:
        yield bad("Push contact", str(error), remedy)
        return
    if contact.endswith(("@localhost", "//localhost")):
        yield warning(
            "Push contact", f"Apple refuses {contact} as a contact: iPhones get no notifications.", remedy
        )


def notifications_arrive(*, now: datetime) -> Iterator[Finding]:
    """The last refusal of a push service since the last success; nothing where there is none."""
    refused = PushSubscription.objects.filter(
        Q(last_ok_at=None) | Q(last_ok_at__lt=F("last_refused_at")), last_refused_at__isnull=False
    )
    last = refused.order_by("-last_refused_at").first()
    if last is None or last.last_refused_at is None:
        return
    others = refused.count() - 1
    refusal = f"{urlsplit(last.endpoint).hostname} refused a notification {duration(now - last.last_refused_at)} ago"
    more = (
        f"So did {'that' if others == 1 else 'those'} of {counted(others, 'other device')}" if others else ""
    )
    remedy = "Check VAPID_SUBJECT and the keys. Where one device alone is refused, turn its notifications off and on again."
    yield warning("Push", sentences(f"{refusal}: {last.last_refusal}", more), remedy)
