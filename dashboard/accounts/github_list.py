"""Whether GITHUB_LOGIN_ALLOWED still admits an account that GitHub created, even if it now has a password or a passkey.

A login that the list names needs no question. A member of an organisation that it names is asked about at GitHub once a day, with the
token that the person's last login with GitHub has left, within DEADLINE_SECONDS. Where GitHub does not answer, its last
confirmation counts for TRUSTED_FOR. The same holds for a session that is open: a page asks nobody, and what changes something does.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic, time
from typing import Any

from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from dashboard.access import SAFE_METHODS
from dashboard.accounts.encryption import encrypt, opened
from deployments.clients.github import GitHubError, GitHubTokenRefused, is_member
from deployments.models import GitHubMembership

ORGANISATION = "org/"
ASKED_AGAIN_AFTER = timedelta(days=1)
TRUSTED_FOR = timedelta(days=7)
DEADLINE_SECONDS = 3
SPARED_SECONDS = 600
"""After a question, a session's next one waits for so long: while GitHub does not answer, taps must not wait for it."""
ASKED_AT = "github_asked_at"
"""Session key: seconds since 1970."""
NOT_LISTED = "This GitHub account is not on the list of those who may log in here."
LOG_IN_WITH_GITHUB = (
    "Log in with GitHub this time: Headway has to check that you still belong to the organisation."
)
NO_ANSWER = "GitHub does not answer, so Headway cannot check that you still belong to the organisation. Try again later."


def refusal_for(user: User, *, now: datetime, asks: bool = True) -> str:
    """Return why this person may not log in by password or passkey, or stay logged in; nothing where they may, or GitHub did not make them.

    Where it `asks` nobody, GitHub's last confirmation counts for TRUSTED_FOR.
    """
    account = SocialAccount.objects.filter(user=user, provider=GitHubOAuth2Adapter.provider_id).first()
    if account is None or is_named(account.extra_data.get("login", "")):
        return ""
    if not (organisations := listed_organisations()):
        return NOT_LISTED
    if (known := GitHubMembership.objects.filter(user=user).first()) is None:
        return LOG_IN_WITH_GITHUB
    age = now - known.confirmed_at if known.organisation in organisations else timedelta.max
    if timedelta(0) <= age < ASKED_AGAIN_AFTER:
        return ""
    if not asks:
        return "" if age < TRUSTED_FOR else LOG_IN_WITH_GITHUB
    return _ask_again(known, age, now=now)


def _ask_again(known: GitHubMembership, age: timedelta, *, now: datetime) -> str:
    try:
        organisation = membership(opened(known.token))
    except GitHubTokenRefused:
        return LOG_IN_WITH_GITHUB
    except GitHubError:
        return "" if age < TRUSTED_FOR else NO_ANSWER
    if not organisation:
        known.delete()
        return NOT_LISTED
    GitHubMembership.objects.filter(pk=known.pk).update(organisation=organisation, confirmed_at=now)
    return ""


class StillListedMiddleware:
    """End the session of a person whom the list no longer admits, before what they sent changes anything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.GITHUB_LOGIN_CLIENT_ID:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        user = None if request.method in SAFE_METHODS else request.user
        if not isinstance(user, User) or time() - request.session.get(ASKED_AT, 0) < SPARED_SECONDS:
            return None
        if refusal := refusal_for(user, now=timezone.now()):
            logout(request)
            messages.error(request, refusal)
            return redirect("account_login")
        request.session[ASKED_AT] = time()
        return None


def is_named(login: object) -> bool:
    """Whether the list names this GitHub login itself."""
    return bool(login) and str(login).lower() in _listed()


def listed_organisations() -> list[str]:
    return [each.removeprefix(ORGANISATION) for each in _listed() if each.startswith(ORGANISATION)]


def membership(token: str) -> str:
    """Return an organisation on the list to which this token's owner belongs; empty: none. Raises GitHubError."""
    if not token:
        raise GitHubTokenRefused(LOG_IN_WITH_GITHUB)
    until = monotonic() + DEADLINE_SECONDS
    for organisation in listed_organisations():
        left = max(until - monotonic(), 0.1)
        if is_member(organisation, token=token, api_url=GitHubOAuth2Adapter.api_url, timeout_seconds=left):
            return organisation
    return ""


def remember(user: User, *, organisation: str, token: str, now: datetime) -> None:
    """Keep what a login with GitHub has shown; nothing where the list names the person."""
    if not organisation:
        GitHubMembership.objects.filter(user=user).delete()
        return
    values = {"organisation": organisation, "token": encrypt(token), "confirmed_at": now}
    GitHubMembership.objects.update_or_create(user=user, defaults=values)


def _listed() -> list[str]:
    return [each.strip().lower() for each in settings.GITHUB_LOGIN_ALLOWED]
