"""A risky tap asks for the passkey or the password again, unless that happened in this session within 15 minutes."""

from time import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import suspend_request
from allauth.account.signals import authentication_step_completed
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

CHECKED_AT = "checked_at"
"""Session key: seconds since 1970 when the person last logged in, or showed again that it is them."""


def was_checked_lately(request: HttpRequest) -> bool:
    """Whether this session's person logged in or was checked within ACCOUNT_REAUTHENTICATION_TIMEOUT seconds."""
    checked_at = request.session.get(CHECKED_AT, 0)
    return bool(0 <= time() - checked_at < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def ask_for_check(request: HttpRequest, why: str) -> HttpResponse | None:
    """Return None where the check is recent enough; else lead to it, and do what was tapped once it succeeded.

    A person with neither passkey nor password here (GitHub, a proxy) logs in again instead, and taps once more.
    """
    if was_checked_lately(request):
        return None
    messages.warning(request, f"{why} Show that it is you first.")
    ways = get_adapter().get_reauthentication_methods(request.user)
    if not ways:
        logout(request)
        return redirect_to_login("/")
    if request.FILES:
        # A file cannot be kept until then: so the form is opened again.
        request.method = "GET"
    answer: HttpResponse = suspend_request(request, ways[0]["url"])
    return answer


def _note(request: HttpRequest, **_: Any) -> None:
    if hasattr(request, "session"):
        request.session[CHECKED_AT] = time()


def _note_step(request: HttpRequest, *, reauthenticated: bool = False, **_: Any) -> None:
    if reauthenticated:
        _note(request)


def connect() -> None:
    """Take note of logins and checks from now on."""
    user_logged_in.connect(_note, dispatch_uid="recent-check")
    authentication_step_completed.connect(_note_step, dispatch_uid="recent-check")
