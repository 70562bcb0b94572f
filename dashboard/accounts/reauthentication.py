"""A risky tap asks for the passkey or the password again, unless that happened in this session within 15 minutes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
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
from django.utils import timezone

from dashboard.unsent import page_after_login
from deployments.operations.reauthentication import ReauthenticationRequired
from deployments.rules.reauth_reasons import Authentication

CHECKED_AT = "checked_at"
"""Session key: seconds since 1970 when the person last logged in, or showed again that it is them."""


def was_checked_lately(request: HttpRequest) -> bool:
    """Whether this session's person logged in or was checked within ACCOUNT_REAUTHENTICATION_TIMEOUT seconds."""
    return authentication_of(request).is_recent(now=timezone.now())


def authentication_of(request: HttpRequest) -> Authentication:
    """Return when this session's person last authenticated, for an operation to judge by."""
    at = request.session.get(CHECKED_AT)
    return Authentication(
        at=datetime.fromtimestamp(at, UTC) if at else None,
        counts_for=timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT),
    )


class ReauthenticationMiddleware:
    """Turn an operation's refusal into the page that asks for the passkey or the password, whatever view it came from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        is_ours = isinstance(exception, ReauthenticationRequired)
        return ask_for_check(request, str(exception)) if is_ours else None


def ask_before_typing(request: HttpRequest, why: str) -> HttpResponse | None:
    """Ask before a long form is filled in, where asking afterwards would lose it: of a person with neither passkey nor password here."""
    can_resume = get_adapter().get_reauthentication_methods(request.user)
    return None if can_resume else ask_for_check(request, why)


def ask_for_check(request: HttpRequest, why: str) -> HttpResponse | None:
    """Return None where the check is recent enough; else lead to it, and do what was tapped once it succeeded.

    A person with neither passkey nor password here (GitHub, a proxy) logs in again instead, and taps once more.
    """
    if was_checked_lately(request):
        return None
    messages.warning(request, f"{why} Confirm your identity first.")
    ways = get_adapter().get_reauthentication_methods(request.user)
    if not ways:
        # What was sent is not repeated after the login: its page is opened again.
        back = page_after_login(request)
        logout(request)
        return redirect_to_login(back)
    if request.FILES:
        # A file cannot be kept until then: so the form is opened again.
        request.method = "GET"
    answer: HttpResponse = suspend_request(request, ways[0]["url"])
    return answer


def reauthentication_needed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Before a way of logging in is added, changed or shown: a check by a way that there is, else a fresh login."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = ask_for_check(request, "This is about how you log in.")
        return asked or view(request, *args, **kwargs)

    return guarded


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
